"""What the tests share: sandboxes, labs that learners build, stand-ins for AWS."""
