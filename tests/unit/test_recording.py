"""What a trail records, whatever kind of selectors it has."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.analysis.selectors import BOTH, READS, WRITES, management_events, object_events

BUCKET = "arn:aws:s3:::landing"
OBJECTS = "AWS::S3::Object"


def classic(kind: str = "All", *values: str, management: bool = True) -> dict[str, Any]:
    data = [{"Type": OBJECTS, "Values": list(values)}] if values else []
    return {
        "ReadWriteType": kind,
        "IncludeManagementEvents": management,
        "DataResources": data,
    }


def advanced(category: str, **more: dict[str, list[str]]) -> dict[str, Any]:
    fields = [{"Field": "eventCategory", "Equals": [category]}]
    fields += [{"Field": name.replace("_", "."), **test} for name, test in more.items()]
    return {"FieldSelectors": fields}


def data(**more: dict[str, list[str]]) -> dict[str, Any]:
    return advanced("Data", resources_type={"Equals": [OBJECTS]}, **more)


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        ([], set()),
        ([classic()], BOTH),
        ([classic("ReadOnly")], {READS}),
        ([classic("ReadOnly"), classic("WriteOnly")], BOTH),
        ([classic(management=False)], set()),
    ],
)
def test_management_events_by_classic_selectors(selectors: Any, expected: Any) -> None:
    assert management_events(selectors, []) == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (advanced("Management"), BOTH),
        (advanced("Management", readOnly={"Equals": ["true"]}), {READS}),
        (advanced("Management", readOnly={"Equals": ["false"]}), {WRITES}),
        (advanced("Management", readOnly={"NotEquals": ["true"]}), {WRITES}),
        (advanced("Management", eventSource={"NotEquals": ["kms.amazonaws.com"]}), BOTH),
        (advanced("Management", eventName={"Equals": ["CreateBucket"]}), set()),
        (advanced("Data"), set()),
        ({"FieldSelectors": []}, set()),
        ({}, set()),
    ],
)
def test_management_events_by_advanced_selectors(selector: Any, expected: Any) -> None:
    assert management_events([], [selector]) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([f"{BUCKET}/"], BOTH),
        (["arn:aws:s3"], BOTH),
        (["arn:aws:s3:::"], BOTH),
        (["arn:aws:s3:::other/", f"{BUCKET}/"], BOTH),
        (["arn:aws:s3:::other/"], set()),
        ([f"{BUCKET}-2/"], set()),
        ([f"{BUCKET}/incoming/"], set()),
        (["arn:aws:s3:::land"], set()),
    ],
)
def test_objects_by_classic_selectors(values: list[str], expected: Any) -> None:
    assert object_events([classic("All", *values, management=False)], [], BUCKET) == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (data(), BOTH),
        (data(resources_ARN={"StartsWith": [f"{BUCKET}/"]}), BOTH),
        (data(resources_ARN={"StartsWith": ["arn:aws:s3:::other/", BUCKET]}), BOTH),
        (data(resources_ARN={"StartsWith": ["arn:aws:s3:::other/"]}), set()),
        (data(resources_ARN={"StartsWith": [f"{BUCKET}/incoming/"]}), set()),
        (data(resources_ARN={"Equals": [f"{BUCKET}/one"]}), set()),
        (data(resources_ARN={"EndsWith": [".json"]}), set()),
        (data(resources_ARN={"NotStartsWith": ["arn:aws:s3:::other/"]}), BOTH),
        (data(resources_ARN={"NotStartsWith": [f"{BUCKET}/old/"]}), set()),
        (data(resources_ARN={"NotStartsWith": ["arn:aws:s3:::"]}), set()),
        (data(resources_ARN={"NotEquals": ["arn:aws:s3:::other/x"]}), BOTH),
        (data(readOnly={"Equals": ["false"]}), {WRITES}),
        (data(eventName={"Equals": ["PutObject"]}), set()),
        (data(eventSource={"Equals": ["s3.amazonaws.com"]}), BOTH),
        (data(userIdentity_arn={"Equals": ["arn:me"]}), set()),
        (advanced("Data", resources_type={"Equals": ["AWS::Lambda::Function"]}), set()),
        (advanced("Management"), set()),
    ],
)
def test_objects_by_advanced_selectors(selector: Any, expected: Any) -> None:
    assert object_events([], [selector], BUCKET) == expected


@given(
    st.text("abc/", max_size=6),
    st.sampled_from(["StartsWith", "NotStartsWith", "Equals"]),
    st.data(),
)
def test_a_selector_takes_in_all_objects_only_if_it_takes_in_any_one(
    end: str, operator: str, given_data: st.DataObject
) -> None:
    """Whatever a test on the ARN is: if it counts as the whole bucket, each object passes it."""
    value = f"arn:aws:s3:::{end}"
    key = given_data.draw(st.text("abc/", min_size=1, max_size=6))
    arn = f"arn:aws:s3:::abc/{key}"
    passes = {
        "StartsWith": arn.startswith(value),
        "NotStartsWith": not arn.startswith(value),
        "Equals": arn == value,
    }
    selector = data(resources_ARN={operator: [value]})
    if object_events([], [selector], "arn:aws:s3:::abc"):
        assert passes[operator]
