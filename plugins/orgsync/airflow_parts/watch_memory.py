"""What `org_watch` remembers while the warehouse does not answer: a Variable of Airflow, there only as long as it is needed."""

from __future__ import annotations

from airflow.sdk import Variable

KEY = "orgsync_watch"


class VariableMemory:
    """For a task: what is kept there is texts about the warehouse, and no secret."""

    def read(self) -> str:
        return str(Variable.get(KEY, default=""))

    def write(self, text: str) -> None:
        if text:
            Variable.set(KEY, text, description="What org_watch has told while the warehouse did not answer")
        else:
            Variable.delete(KEY)
