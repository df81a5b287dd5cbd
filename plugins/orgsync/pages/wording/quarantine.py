"""What the page of quarantined rows says: each rule in words, and what an administrator of the platform does about it."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "quarantine.no_snapshot": ("Nothing was loaded yet.", "尚未加载任何数据。"),
    "quarantine.nothing": (
        "Nothing is in quarantine: every row of the read of {at} is good.",
        "没有被隔离的内容：{at} 读取的每一行都没有问题。",
    ),
    "quarantine.what": (
        "Left out of the load of what was read at {at}. What was last known stays, and each sync tries these rows again.",
        "{at} 的读取中未加载的内容。保留最后已知的值，每次同步都会重新尝试。",
    ),
    "quarantine.none_here": ("Nothing breaks this rule any more.", "已没有违反这条规则的内容。"),
    "quarantine.plan": ("Plan {plan}", "计划 {plan}"),
    "quarantine.rules": ("Rules", "规则"),
    "quarantine.all": ("All", "全部"),
    "quarantine.fix": ("What to do:", "处理办法："),
    "quarantine.no_fix": ("Correct it on the platform; the next sync tries it again.", "在平台上更正，下一次同步会重新尝试。"),
    "quarantine.findings": ("What was found", "发现的问题"),
    "quarantine.row": ("Whose", "对象"),
    "quarantine.left_out": ("Left out", "未加载"),
    "quarantine.reason": ("Reason", "原因"),
    "quarantine.since": ("First found", "首次发现"),
    "quarantine.in": ("in", "在"),
    "quarantine.no_id": ("without an id", "没有标识"),
    "quarantine.value": ("only: {column}", "仅：{column}"),
    "quarantine.row_of.user": ("the person", "整个人员"),
    "quarantine.row_of.department": ("the department", "整个部门"),
    "quarantine.row_of.membership": ("being in the department", "任职关系"),
    "rule.missing_value": ("A name or an id is missing", "缺少名称或标识"),
    "fix.missing_value": (
        (
            "Open the person or the department in the platform's admin console and give it a name. Where the id itself is missing, "
            "only the platform's support can help."
        ),
        "在平台管理后台打开该人员或部门，填写名称。如果缺少的是标识本身，只能联系平台的技术支持。",
    ),
    "rule.nul_character": ("A text holds a character that cannot be stored", "文本含有无法存储的字符"),
    "fix.nul_character": (
        "Clear the text in the admin console and type it anew; do not paste it. The reason says which field.",
        "在管理后台清空该文本并重新输入，不要粘贴。原因中写明是哪个字段。",
    ),
    "rule.duplicate_id": ("One id, several times, with different contents", "同一标识出现多次且内容不同"),
    "fix.duplicate_id": (
        (
            "Mostly somebody edited it while it was read: then it is gone after the next sync. If it stays, save the person or the "
            "department again in the admin console, so that the platform's lists agree."
        ),
        "多半是读取时有人正在修改，下一次同步后就会消失。如果一直存在，请在管理后台重新保存该人员或部门，使平台的各个列表一致。",
    ),
    "rule.unreadable_key": ("An id that cannot be read", "标识无法识别"),
    "fix.unreadable_key": (
        (
            "Give the person or the department a plain id of letters and digits where the platform lets one change it (WeCom: the "
            "account, once), else delete and create it anew. Until then the read is not complete, and nobody is taken to have left."
        ),
        "在平台允许修改标识的地方改成字母和数字（企业微信：账号可修改一次），否则删除后重新创建。在此之前读取不完整，不会判定任何人已离职。",
    ),
    "rule.unread_value": ("A value that cannot be read", "单个值无法识别"),
    "fix.unread_value": (
        (
            "Correct this one field of the person in the admin console: a day as 2026-11-01, a number without words. Where all "
            "values of a field are of another form, change the tenant's mapping in the tenants file."
        ),
        "在管理后台更正这个字段：日期写成 2026-11-01，数字不带文字。如果该字段的值都是另一种格式，请修改租户配置文件中的 mapping。",
    ),
    "rule.malformed_value": ("A phone number or mail address that is none", "手机号或邮箱格式不正确"),
    "fix.malformed_value": (
        (
            "Correct the mobile number or the mail address in the person's profile in the admin console; a number from abroad needs "
            "its country code."
        ),
        "在管理后台该人员的资料中更正手机号或邮箱；境外号码需要带国家或地区代码。",
    ),
    "rule.unknown_value": ("A gender or status that is not known", "性别或状态的值未知"),
    "fix.unknown_value": (
        (
            "Choose one of the platform's own values in the person's profile. Where a field of the company's own is mapped to it, "
            "correct the mapping in the tenants file."
        ),
        "在该人员的资料中选择平台自带的值。如果是由企业自定义字段映射而来，请修改租户配置文件中的 mapping。",
    ),
    "rule.orphan": ("A department whose parent is not there", "上级部门不存在的部门"),
    "fix.orphan": (
        (
            "Move the department below one that exists, in the admin console; or let the app see the department above it, in the "
            "app's visible range."
        ),
        "在管理后台把该部门移到现有部门之下；或者在应用的可见范围中加入它的上级部门。",
    ),
    "rule.cycle": ("A department above itself", "部门的上级形成循环"),
    "fix.cycle": (
        "Move one of these departments to another place in the admin console, for example below the company itself, and then back.",
        "在管理后台把其中一个部门移到别处（例如公司根部门之下），再移回。",
    ),
    "rule.leader_not_member": ("A leader who is not in the department", "负责人不是本部门成员"),
    "fix.leader_not_member": (
        (
            "Add the leader to the department as a member, or choose another leader, in the department's settings. Its members are "
            "loaded all the same."
        ),
        "在部门设置中把负责人加入本部门，或者更换负责人。本部门的成员照常加载。",
    ),
    "rule.missing_department": ("In a department that was not read", "所在部门未读取到"),
    "fix.missing_department": (
        (
            "Mostly the department was deleted while it was read: then it is gone after the next sync. If it stays, take the person "
            "out of the department, or let the app see it."
        ),
        "多半是读取时该部门正被删除，下一次同步后就会消失。如果一直存在，请把该人员移出该部门，或者让应用能看到该部门。",
    ),
    "rule.missing_user": ("Somebody who was not read", "人员未读取到"),
    "fix.missing_user": (
        (
            "Mostly the person left while it was read: then it is gone after the next sync. If it stays, let the app see the person, "
            "in the app's visible range."
        ),
        "多半是读取时该人员正离职，下一次同步后就会消失。如果一直存在，请在应用的可见范围中加入该人员。",
    ),
    "rule.several_main_departments": ("More than one main department", "有多个主部门"),
    "fix.several_main_departments": (
        "Choose one main department in the person's profile in the admin console.",
        "在管理后台该人员的资料中只保留一个主部门。",
    ),
    "rule.quarantined_user": ("Follows from a person left out", "因人员被隔离"),
    "fix.quarantined_user": (
        "Correct what keeps the person out, which is listed under its own rule; this goes with it.",
        "更正该人员被隔离的原因（见其自身的规则），这一项会随之消失。",
    ),
    "rule.quarantined_department": ("Follows from a department left out", "因部门被隔离"),
    "fix.quarantined_department": (
        "Correct what keeps the department out, which is listed under its own rule; this goes with it.",
        "更正该部门被隔离的原因（见其自身的规则），这一项会随之消失。",
    ),
    "rule.not_read": ("Seen, and not read yet", "已发现，尚未读取详情"),
    "fix.not_read": (
        (
            "No rule is broken. The next reads fetch the details; whoever stays here is outside of what the app may see: add them to "
            "the app's visible range."
        ),
        "没有违反规则。之后的读取会获取详情；一直留在这里的人员不在应用可见范围内，请把他们加入应用的可见范围。",
    ),
}
