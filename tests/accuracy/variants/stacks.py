"""Labs that are CloudFormation stacks."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

from labproof.aws.connection import Connection
from labproof.labs.lab import Lab
from tests.support.learner import Step, code

TEMPLATES = Path(__file__).parent / "templates"
PLACEHOLDER = "          REPLACE-WITH-YOUR-CODE"
CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def deployed(template: str) -> Step:
    """Deploy a template with the lab's names and the function's code."""

    def step(lab: Lab, connection: Connection) -> None:
        text = (TEMPLATES / template).read_text("utf-8")
        given = {
            "SourceBucket": lab.source.bucket,
            "SourceBuckets": lab.source.bucket,
            "DestinationBucket": lab.destination.bucket,
            "TableName": lab.table.name,
            "RoleName": lab.role.name,
            "FunctionName": lab.function.name,
        }
        named = re.findall(r"^  (\w+):\n    Type: (?:String|CommaDelimitedList)$", text, re.M)
        stacks = connection.client("cloudformation")
        stacks.create_stack(
            StackName=lab.host,
            TemplateBody=text.replace(PLACEHOLDER, indent(code(lab), PLACEHOLDER[:10])),
            Parameters=[
                {"ParameterKey": name, "ParameterValue": given[name]}
                for name in named
                if name in given
            ],
            Capabilities=CAPABILITIES,
        )
        stacks.get_waiter("stack_create_complete").wait(
            StackName=lab.host, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )

    return step
