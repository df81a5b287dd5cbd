"""What the pages of plans say."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "plans.nothing": ("There is no plan yet: each sync makes one.", "还没有计划：每次同步都会生成一份。"),
    "plans.caption": ("What each sync would change, or did; the newest first", "每次同步将要或已经变更的内容，最新的在前"),
    "plan.title": ("Plan {plan}", "计划 {plan}"),
    "plan.number": ("Plan", "计划"),
    "plan.taken": ("Read at", "读取时间"),
    "plan.state": ("State", "状态"),
    "plan.changes": ("What changes", "变更"),
    "plan.budgets": ("Beyond the budget", "超出预算"),
    "plan.retraction": ("takes a snapshot out", "撤下快照"),
    "plan.is_retraction": (
        "This plan took its snapshot out of history. Changes that were told before were taken back; each of them is in org.change no more.",
        "这份计划把快照从历史中撤下。之前记录的变更已撤回，org.change 中不再有它们。",
    ),
    "plan.about": ("About the plan", "关于这份计划"),
    "plan.run": ("the run", "所属运行"),
    "plan.planned": ("Worked out", "计算时间"),
    "plan.applied": ("Applied", "应用时间"),
    "plan.decided": ("Decided", "审批"),
    "decider.nobody in time": ("nobody in time", "超时无人回答"),
    "plan.read": ("In the snapshot", "快照内容"),
    "plan.read_counts": (
        "{people:,} people, {departments:,} departments, {memberships:,} memberships",
        "{people:,} 人，{departments:,} 个部门，{memberships:,} 条任职关系",
    ),
    "plan.quarantined": ("{count:,} rows left out", "隔离 {count:,} 行"),
    "plan.unseen": ("Out of sight", "不在可见范围内"),
    "plan.unseen_of": ("{entity} {count:,}", "{entity} {count:,}"),
    "plan.they_stay": ("They stay as they were.", "保持原样。"),
    "plan.withheld": ("Withheld by the platform", "平台未提供的字段"),
    "plan.last_values_stay": ("The last known values stay.", "保留最后已知的值。"),
    "plan.incomplete": ("Not complete, so it ends nothing", "读取不完整，因此不结束任何记录"),
    "plan.company": ("Another company from here on, by the word of", "从此换成另一家企业，声明人"),
    "plan.taken_back": ("What was taken back", "撤回的变更"),
    "plan.no_changes": ("Nothing changes.", "没有变更。"),
    "plan.no_lines": ("There are no further lines.", "没有更多变更。"),
    "plan.no_value": ("nothing", "空"),
    "plan.department": ("Department", "部门"),
    "plan.column": ("What", "字段"),
    "plan.before": ("From", "变更前"),
    "plan.after": ("To", "变更后"),
    "plan_state.waits": ("waits for a decision", "等待审批"),
    "plan_state.staged": ("being worked out", "计算中"),
    "plan_state.planned": ("worked out, not applied", "已计算，未应用"),
    "plan_state.approved": ("approved, not applied yet", "已批准，尚未应用"),
    "plan_state.applied": ("applied", "已应用"),
    "plan_state.dropped": ("overtaken by a newer one", "已被新的计划取代"),
    "plan_state.rejected": ("rejected", "已驳回"),
    "counts.user": ("People: ", "人员："),
    "counts.department": ("Departments: ", "部门："),
    "counts.comma": (", ", "，"),
    "counts.nothing": ("nothing", "没有变更"),
    "group.user.left": ("People who leave", "离职的人员"),
    "group.user.joined": ("People who join", "入职的人员"),
    "group.user.returned": ("People who return", "恢复的人员"),
    "group.user.moved": ("People who move to other departments", "调动部门的人员"),
    "group.user.renamed": ("People with another name", "改名的人员"),
    "group.user.updated": ("People with other details", "资料更新的人员"),
    "group.department.removed": ("Departments that go", "删除的部门"),
    "group.department.created": ("New departments", "新建的部门"),
    "group.department.returned": ("Departments that return", "恢复的部门"),
    "group.department.moved": ("Departments that move", "移动的部门"),
    "group.department.renamed": ("Departments with another name", "改名的部门"),
    "group.department.updated": ("Departments with other details", "资料更新的部门"),
    "entity.user": ("people", "人员"),
    "entity.department": ("departments", "部门"),
    "entity.membership": ("memberships", "任职关系"),
    "decide.title": ("It waits for a decision", "等待审批"),
    "decide.approve": ("Approve once", "批准一次"),
    "decide.reject": ("Reject", "驳回"),
    "decide.cancel": ("Cancel", "取消"),
    "decide.approve.title": ("Approve plan {plan} once?", "批准计划 {plan} 一次？"),
    "decide.approve.text": (
        "Exactly this plan is then written into history. It brings:",
        "将把这一份计划写入历史，变更如下：",
    ),
    "decide.reject.title": ("Reject plan {plan}?", "驳回计划 {plan}？"),
    "decide.reject.text": (
        "Then nothing changes, and the run ends as failed; the next one reads anew. The plan would have brought:",
        "驳回后什么也不改变，本次运行以失败结束，下一次运行重新读取。这份计划原本的变更：",
    ),
    "decide.no_script": (
        "Deciding here needs script. Airflow asks the same under Required actions.",
        "在这里审批需要启用脚本。也可以在 Airflow 的“需要操作”（Required actions）中回答。",
    ),
    "decide.command": (
        "No run of Airflow waits for an answer about it. Whoever may run the command applies it with:",
        "Airflow 中没有运行在等待对它的回答。有权执行命令的人可以用以下命令应用它：",
    ),
    "decide.or_not": (
        "Whoever does not want it does nothing: the next sync reads anew and makes a plan of its own.",
        "如果不想应用，则无需操作：下一次同步会重新读取并生成新的计划。",
    ),
    "decide.approvers": ("These users of Airflow may decide about it: {names}.", "可以审批的 Airflow 用户：{names}。"),
    "decide.editors": (
        "Whoever may edit the runs of the DAG {dag} may decide about it; you may not.",
        "有权修改 DAG {dag} 的运行的人可以审批；您没有此权限。",
    ),
    "answer.approved": (
        "Approved. The run goes on in a moment and writes the plan into history.",
        "已批准。运行即将继续，并把计划写入历史。",
    ),
    "answer.rejected": ("Rejected. The run ends in a moment; nothing changes.", "已驳回。运行即将结束，什么也不改变。"),
    "answer.answered": ("It was answered already; your answer changes nothing.", "已经有人回答过，您的回答不会改变任何东西。"),
    "answer.looking": (
        "The task is just looking whether its question still stands. Nothing was decided; answer again in some seconds.",
        "任务正在检查问题是否仍然有效。没有作出任何决定，请几秒后再回答。",
    ),
    "answer.forbidden": (
        "Airflow did not take your answer: you are not among those who may decide about this plan. Nothing was decided.",
        "Airflow 没有接受您的回答：您不在可以审批这份计划的人之中。没有作出任何决定。",
    ),
    "answer.signed_out": (
        "Your session has ended, and nothing was decided. Reload Airflow, sign in, and come back to this address.",
        "会话已结束，没有作出任何决定。请重新加载 Airflow 并登录，再回到此地址。",
    ),
    "answer.nobody_asks": (
        (
            "No task of Airflow waits for an answer any more: the plan was decided, overtaken, or applied by command. "
            "If it still waits here, orgsync sync {tenant} --approve {plan} applies it."
        ),
        (
            "Airflow 中已没有任务在等待回答：这份计划已经决定、被取代，或已用命令应用。"
            "如果这里仍显示等待，可以用 orgsync sync {tenant} --approve {plan} 应用。"
        ),
    ),
    "answer.failed": (
        "Airflow could not take the answer. Look whether the plan still waits, and try again.",
        "Airflow 未能接受回答。请查看这份计划是否仍在等待，然后重试。",
    ),
    "answer.unreachable": (
        "Airflow could not be reached. Nothing is known of the answer: reload the page, and look whether the plan still waits.",
        "无法连接 Airflow，不知道回答是否送达：请重新加载页面，查看这份计划是否仍在等待。",
    ),
    "answer.by": ("Answered by", "回答人"),
    "answer.again": ("Show the plan as it is now", "显示计划的最新状态"),
}
