"""What people see: traces, charts, diagrams, tables and result files.

In go systems, traces and verdicts; out come text, ITF JSON, SVG, DOT, Markdown and rich tables.  Everything written to
a file is the same bytes for the same input.
"""
