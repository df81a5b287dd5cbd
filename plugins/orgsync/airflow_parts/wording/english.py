"""What orgsync shows inside Airflow, in English."""

from __future__ import annotations

from collections.abc import Mapping

from orgsync.sync.budget import TEXTS as BUDGET_TEXTS

TEXTS: Mapping[str, str] = {
    "sync.description": "{platform} organization {tenant} into the warehouse",
    "sync.docs": """
### {tenant}: {platform} → PostgreSQL

Keeps `org.departments`, `org.users` and `org.memberships` of tenant `{tenant}` equal to the organization on {platform},
with all history. **extract** reads the platform into the landing zone, and is all where that says what the last read said;
**plan** quarantines bad rows, stages the good ones and works out what would change, **merge** writes history in one transaction.

* Frequent reads `{schedule}`, full reads `{full_schedule}` ({timezone}).
* A plan that exceeds the tenant's budget waits in **approve** (*Required actions*) until someone approves it once or rejects it.
* Trigger with *mode* `full` to read everything now, with *dry_run* to see what would change.
* Trigger with *mode* `rebuild` after the warehouse was lost, or restored from a backup: it loads what the landing zone has of its history.
* A backfill does not read the platform: **replay** loads the snapshots again that were taken in the time of each run.
* [The organization on a page]({page}): departments, people, changes and plans, also as of an earlier day.
* `orgsync report {tenant}` shows the last run, `orgsync plan {tenant}` the last plan, `orgsync quarantine {tenant}` the rows left out.
""",
    "sync.mode": "auto: full when the full schedule asks for it, else frequent. events: only what events name that wait. "
    "rebuild: load what the landing zone has of a lost or "
    "restored warehouse's history, and read nothing",
    "sync.dry_run": "Read and compare, but change nothing",
    "sync.new_company": "Let the history go on with this other company, once: its name as the error of a stopped run says it",
    "sync.undecided": "With mode rebuild: also what only landed",
    "broken.description": "The stanza of {tenant} in the tenants file is wrong: nothing is read",
    "broken.docs": """
### {tenant}: its stanza of the tenants file is wrong

Nothing is read for `{tenant}`, and its history stays as it is, until this is mended:

{mistakes}

`orgsync check {tenant}` says whether it is.
""",
    "approval.subject": "{tenant}: this sync would change more than its budget allows",
    "approval.approve": "Approve once",
    "approval.reject": "Reject",
    "approval.body": """**Plan {plan_id}** exceeds the budget:

{why}

In all it would change: {changes}.{where}

Every change, with names: [on the page of the plan]({page}), where it can be decided about too; \
or `orgsync plan {tenant} --id {plan_id}`, or the table `ops.plan_change` (plan_id {plan_id}).

*Approve once* applies exactly this plan. *Reject*, or no answer in time, changes nothing; the next run reads anew.

If another run of {tenant} overtakes this plan, or it is applied by command, this question is withdrawn within {minutes} minutes; \
an answer to it changes nothing then, and says so.""",
    "approval.where": "Where the most people come, go or move (who they are is not shown here, but on the page named below):",
    "approval.within": "nothing: it is within its budget",
    "approval.nothing": "nothing",
    "approval.of": "{entity}: {counts}",
    "approval.kind": "{count:,} {kind}",
    "entity.user": "users",
    "entity.department": "departments",
    "kind.joined": "joined",
    "kind.left": "left",
    "kind.returned": "returned",
    "kind.moved": "moved",
    "kind.renamed": "renamed",
    "kind.updated": "updated",
    "kind.created": "created",
    "kind.removed": "removed",
    **{f"exceeded.{name}": text for name, text in BUDGET_TEXTS.items()},
    "housekeeping.description": "Remove the snapshots that no tenant's retention keeps",
    "housekeeping.docs": """
### Housekeeping

Removes from the landing zone the snapshots that a tenant's `retention` does not keep, with their validation pages, and closes runs
whose process ended without a word. History in `org` is not touched. Trigger with *dry_run* to see the counts and remove nothing.

A tenant that is being read is tried again every ten minutes, then skipped until tomorrow. `orgsync housekeeping` does the same.
""",
    "housekeeping.dry_run": "Count what would go, and remove nothing",
    "doctor.description": "Examine every tenant, its platform, and what all share",
    "doctor.docs": """
### Doctor

Each task tries what a tenant needs: its stanza, its connection, the platform (address, credentials, permissions, visible range, fields,
messages, todos), whose company it is, quotas. **examine_surroundings** looks at what all share: the warehouse, its roles, the landing zone.
Nothing is changed, and nobody is written to.

* Runs every night before the full reads, and whenever it is triggered. What is broken fails its task: the log says what to do, and where.
* Since when it is so stands in `ops.doctor_check`. `orgsync doctor` does the same.
* On DingTalk it uses two of the calls that a month has.
""",
    "watch.description": "Find what is wrong in operation, and tell it",
    "watch.docs": """
### Watch

Looks every five minutes at how operation stands: syncs that failed, wait for approval or have not happened for too long, fields that are
withheld, quarantine that grew, quotas that are nearly used, messages that are stuck, what the doctor found, DAGs that are switched off, and
the warehouse itself. Each problem is told once, again after a day, and once when it is over, to whom the tenants file names (`alerts`).

* What it found stands in `ops.problem`, what it told in `ops.alert`, and on the first page of the organization.
* `orgsync check --operation` asks the same, stores nothing and tells nobody: for a monitor outside of Airflow, which notices too when this
  DAG does not run.
* A run fails where the warehouse does not answer, or where somebody could not be told; the next one tries again.
""",
    "notify.description": "Send what waits in the outbox",
    "notify.docs": """
### Outbox → platforms

**find_due** looks for tenants for which there is something to send, to take back or to ask about; **deliver** does that, one mapped task
for each. Where nothing is due, **deliver** is skipped. A tenant that fails turns the run red and keeps no other from sending; so does one
whose stanza of the tenants file is wrong, as long as something waits for it.

* Runs as soon as something is due: Airflow's triggerer looks every ten seconds and raises the asset `org_notify.outbox`, as do
  `org_notify_send` and tasks with `NotifyOperator`. Without a triggerer, every fifteen minutes.
* What a platform refuses for now is sent by a later run. A failed **deliver** says what a person must mend before the rest can be sent.
* `orgsync push` does the same. Pause this DAG to send nothing; messages wait in the outbox until they expire.
""",
    "send.description": "Put a message into the outbox",
    "send.docs": """
### Send a message

*Trigger* shows a form. What it asks for goes to the outbox, and `org_notify` sends it at once. The task returns the message's id;
`orgsync outbox` shows what became of it.

* **send**: either *title*, *body* and *url*, or a *template* with its *variables*; to *everyone*, or to *users*, *departments* and *query*
  together.
* **update todo** takes *title*, *body* and *due_at*: what is left empty stays. **complete todo**, **delete todo** and **recall** take the
  *message_id* alone.
* A run sends its message once, however often it is retried or cleared. To send it again, trigger a new run.
* Airflow keeps what is typed here with the run.
""",
    "send.to_whom": "To whom",
    "send.what_it_says": "What it says",
    "send.when_and_how": "When, and how",
    "send.one_that_is_there": "A message that is there",
    "send.tenant": "The organization, as the tenants file names it",
    "send.what": "Send a message, or do something to one that is there",
    "send.kind": "text if nothing is chosen; a template has its own",
    "send.title": "One line",
    "send.body": "Plain text; the platform's Markdown if kind is markdown",
    "send.url": "What the message opens, with its https://",
    "send.due_at": "Until when a todo is to be done",
    "send.template": "The name of a message template, instead of kind, title, body, url and due_at",
    "send.variables": "The template's variables as a JSON object",
    "send.everyone": "Everybody in the organization",
    "send.users": "Ids of people, one a line",
    "send.departments": "Departments by id, name or path, one a line; with all below",
    "send.query": "The name of a saved audience (notify.audience_query)",
    "send.priority": "9 is the most urgent",
    "send.not_before": "Not sent earlier than this",
    "send.expires_at": "Not sent later than this",
    "send.dedupe_key": "A message with the same key is not queued again; the run's id if left out",
    "send.message_id": "Of the message to change or recall; empty to send one",
}
