"""Tests of checker.audit: invented C functions, and the listing where it is at hand."""
