"""Comparing the C text of the kernel with the specification, statement by statement.

``clisting`` cuts functions out of a listing or a kernel file, ``cmodel`` and ``specmodel`` bring C and specification
into one normal form (:mod:`checker.audit.normal`), ``align`` pairs their statements and says where they differ.
Which names correspond is declared by the specification package (:mod:`checker.audit.names`), never here.
"""
