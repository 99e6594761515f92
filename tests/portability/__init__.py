"""Whether the dbt project still speaks SQL that Spark understands: `python -m tests.portability`."""
