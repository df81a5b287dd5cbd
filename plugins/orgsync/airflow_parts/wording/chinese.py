"""What orgsync shows inside Airflow, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from orgsync.sync.budget import CHINESE as BUDGET_TEXTS

TEXTS: Mapping[str, str] = {
    "sync.description": "把 {platform} 组织 {tenant} 同步到数仓",
    "sync.docs": """
### {tenant}：{platform} → PostgreSQL

使租户 `{tenant}` 的 `org.departments`、`org.users` 和 `org.memberships` 与 {platform} 上的组织保持一致，并保留全部历史。\
**extract** 把平台读取到落地区，\
若与上一次读取的内容相同则到此结束；**plan** 隔离有问题的行、暂存正常的行并算出将有哪些变更，**merge** 在一个事务中写入历史。

* 高频读取 `{schedule}`，全量读取 `{full_schedule}`（{timezone}）。
* 超出租户预算的计划在 **approve** 等待（*Required actions*），直到有人批准一次或驳回。
* 用 *mode* `full` 触发，立即全量读取；用 *dry_run* 触发，只查看将有哪些变更。
* 数仓丢失或从备份恢复之后，用 *mode* `rebuild` 触发：把落地区中的历史加载回来。
* 回填不读取平台：**replay** 重新加载每次运行所在时间段内的快照。
* [在页面上查看组织]({page})：部门、人员、变更和计划，也可查看过去某一天。
* `orgsync report {tenant}` 显示最近一次运行，`orgsync plan {tenant}` 显示最新的计划，`orgsync quarantine {tenant}` 显示被隔离的行。
""",
    "sync.mode.title": "方式（mode）",
    "sync.mode": "auto：按全量计划需要时全量读取，否则高频读取。events：只读取等待处理的事件提到的人员和部门。"
    "rebuild：把落地区中丢失或恢复后的数仓的历史加载回来，不读取平台",
    "sync.dry_run.title": "试运行（dry_run）",
    "sync.dry_run": "只读取和比较，什么也不改变",
    "sync.new_company.title": "换成另一家企业（new_company）",
    "sync.new_company": "声明一次，历史以后沿用另一家企业：填写被拦下的运行在错误中给出的名称",
    "sync.undecided.title": "包括没有决定的快照（undecided）",
    "sync.undecided": "mode 为 rebuild 时：也加载只落地的快照",
    "broken.description": "租户配置文件中 {tenant} 的一段有误：不读取",
    "broken.docs": """
### {tenant}：租户配置文件中的这一段有误

在改正之前不读取 `{tenant}`，其历史保持不变：

{mistakes}

`orgsync check {tenant}` 检查是否已改正。
""",
    "approval.subject": "{tenant}：这次同步的变更超出了预算",
    "approval.approve": "批准一次",
    "approval.reject": "驳回",
    "approval.body": """**计划 {plan_id}** 超出了预算：

{why}

总共将有这些变更：{changes}。{where}

查看每一项变更和姓名：[这份计划的页面]({page})，也可在那里批准或驳回；\
或用 `orgsync plan {tenant} --id {plan_id}`，或表 `ops.plan_change`（plan_id {plan_id}）。

*批准一次*只应用这一份计划。*驳回*或超时没有回应，则什么也不改变；下一次运行重新读取。

如果 {tenant} 的另一次运行取代了这份计划，或已用命令应用，这个问题会在 {minutes} 分钟内撤回；此时再回答不会改变任何东西，并会说明。""",
    "approval.where": "入职、离职或调动人数最多的部门（这里不显示姓名，请在下面的页面查看）：",
    "approval.within": "没有：在预算之内",
    "approval.nothing": "没有",
    "approval.of": "{entity}：{counts}",
    "approval.kind": "{kind} {count:,}",
    "entity.user": "人员",
    "entity.department": "部门",
    "kind.joined": "入职",
    "kind.left": "离职",
    "kind.returned": "恢复",
    "kind.moved": "调动",
    "kind.renamed": "改名",
    "kind.updated": "更新",
    "kind.created": "新建",
    "kind.removed": "删除",
    **{f"exceeded.{name}": text for name, text in BUDGET_TEXTS.items()},
    "housekeeping.description": "删除任何租户的保留期都不再保留的快照",
    "housekeeping.docs": """
### 清理

从落地区删除租户的 `retention` 不再保留的快照及其校验页面，并关闭进程已无声结束的运行。`org` 中的历史不受影响。用 *dry_run* 触发，\
只统计数量，什么也不删除。

正在读取的租户每十分钟再试一次，然后跳过，等到第二天。`orgsync housekeeping` 的作用相同。
""",
    "housekeeping.dry_run.title": "试运行（dry_run）",
    "housekeeping.dry_run": "只统计将删除什么，什么也不删除",
    "doctor.description": "检查每个租户、其平台以及所有租户共用的部分",
    "doctor.docs": """
### 体检

每个任务检查一个租户所需的一切：\
配置段、连接、平台（地址、凭证、权限、可见范围、字段、消息、待办）、属于哪家企业、额度。\
**examine_surroundings** 检查所有租户共用的部分：数仓及其角色、落地区。什么也不改变，也不会给任何人发消息。

* 每天夜里在全量读取之前运行，也可随时触发。有故障时对应的任务失败：日志写明怎么处理、在哪里处理。
* 从何时起如此，见 `ops.doctor_check`。`orgsync doctor` 的作用相同。
* 在钉钉上每次用掉本月额度中的两次调用。
""",
    "watch.description": "发现运行中的问题并告警",
    "watch.docs": """
### 巡检

每五分钟查看一次运行状况：失败、等待审批或太久没有成功的同步，平台不再提供的字段，增长的隔离区，即将用完的额度，\
滞留的消息，体检发现的故障，被停用的 DAG，以及数仓本身。\
每个问题告知一次，一天后仍存在则再告知一次，解除时告知一次，对象由租户配置文件指定（`alerts`）。

* 发现的问题见 `ops.problem`，已发出的告警见 `ops.alert`；组织架构首页也会显示。
* `orgsync check --operation` 做同样的检查，不保存也不通知任何人：供 Airflow 之外的监控使用，这个 DAG 不运行时也能发现。
* 数仓没有应答或有人未能收到告警时，运行会失败；下一次运行会重试。
""",
    "notify.description": "发送发件箱中等待的消息",
    "notify.docs": """
### 发件箱 → 平台

**find_due** 找出有内容要发送、撤回或查询结果的租户；**deliver** 逐个处理，每个租户一个映射任务。没有要做的事时 **deliver** 跳过。\
某个租户失败会使运行变红，但不影响其他租户发送；\
租户配置文件中某一段有误而又有消息等待时也是如此。

* 有内容到期时立即运行：Airflow 的 triggerer 每十秒查看一次，并触发资产 `org_notify.outbox`；`org_notify_send` 和使用 `NotifyOperator`\
  的任务也会触发它。没有 triggerer 时，每十五分钟运行一次。
* 平台暂时拒绝的，由之后的运行发送。失败的 **deliver** 会写明需要人处理什么，其余的才能发送。
* `orgsync push` 的作用相同。暂停这个 DAG 则什么也不发送；消息在发件箱中等待，直到过期。
""",
    "send.description": "把一条消息放入发件箱",
    "send.docs": """
### 发送消息

*Trigger* 显示一个表单。填写的内容进入发件箱，由 `org_notify` 立即发送。任务返回消息的编号；`orgsync outbox` 显示结果。

* **send**（发送）：填写 *title*、*body* 和 *url*，或 *template* 及其 *variables*；发给 *everyone*，或发给 *users*、\
*departments* 和 *query* 的合集。
* **update todo**（修改待办）使用 *title*、*body* 和 *due_at*：留空的保持不变。**complete todo**（完成待办）、\
**delete todo**（删除待办）和 **recall**（撤回）只需 *message_id*。
* 一次运行只发送一次，无论重试或清除多少次。要再次发送，请触发新的运行。
* Airflow 会把这里填写的内容与运行一起保存。
""",
    "send.to_whom": "发给谁",
    "send.what_it_says": "内容",
    "send.when_and_how": "时间与方式",
    "send.one_that_is_there": "已有的消息",
    "send.tenant.title": "组织（tenant）",
    "send.tenant": "租户配置文件中的名称",
    "send.what.title": "操作（what）",
    "send.what": "发送一条消息，或处理已有的消息",
    "send.kind.title": "类型（kind）",
    "send.kind": "不选则为 text；模板有自己的类型",
    "send.title.title": "标题（title）",
    "send.title": "一行",
    "send.body.title": "正文（body）",
    "send.body": "纯文本；kind 为 markdown 时为平台的 Markdown",
    "send.url.title": "链接（url）",
    "send.url": "点击消息打开的地址，含 https://",
    "send.due_at.title": "截止时间（due_at）",
    "send.due_at": "待办应在何时之前完成",
    "send.template.title": "模板（template）",
    "send.template": "消息模板的名称，代替 kind、title、body、url 和 due_at",
    "send.variables.title": "模板变量（variables）",
    "send.variables": "模板的变量，一个 JSON 对象",
    "send.everyone.title": "全员（everyone）",
    "send.everyone": "组织中的所有人",
    "send.users.title": "人员（users）",
    "send.users": "人员编号，每行一个",
    "send.departments.title": "部门（departments）",
    "send.departments": "部门的编号、名称或路径，每行一个；含全部下级",
    "send.query.title": "查询（query）",
    "send.query": "保存的查询的名称（notify.audience_query）",
    "send.priority.title": "优先级（priority）",
    "send.priority": "9 最紧急",
    "send.not_before.title": "最早发送时间（not_before）",
    "send.not_before": "在此之前不发送",
    "send.expires_at.title": "过期时间（expires_at）",
    "send.expires_at": "在此之后不发送",
    "send.dedupe_key.title": "去重键（dedupe_key）",
    "send.dedupe_key": "键相同的消息不会再次放入；留空则为运行的编号",
    "send.message_id.title": "消息编号（message_id）",
    "send.message_id": "要修改或撤回的消息；发送新消息时留空",
}
