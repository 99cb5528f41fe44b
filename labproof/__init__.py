"""Labproof: AWS labs that are built step by step, proved to work, and graded fairly."""

__version__ = "0.1.0"
