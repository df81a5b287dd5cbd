"""Word lists that make a generated company believable, and the odd names that real directories contain."""

from __future__ import annotations

_SINGLE_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_DOUBLE_SURNAMES = ("欧阳", "上官", "司马", "诸葛", "夏侯", "尉迟", "东方", "令狐")
SURNAMES = (*_SINGLE_SURNAMES, *_DOUBLE_SURNAMES)

GIVEN_CHARACTERS = tuple(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂文辉力鹏华飞玲红建国志宇浩轩子涵欣怡梓晨博思琪雨桐佳一诺俊熙"
    "嘉懿煜城懋天瑜妍语嫣诗婷可馨瑞霖振海宁峰晓东雪梅兰竹青松柏山川岩林森源清泽润安康永昌盛"
)

ENGLISH_NAMES = (
    "Alice", "Bob", "Cindy", "David", "Eva", "Frank", "Grace", "Henry", "Iris", "Jack", "Kevin", "Lily", "Mia", "Nick",
    "Olivia", "Peter", "Queenie", "Ryan", "Sophie", "Tom", "Una", "Victor", "Wendy", "Xavier", "Yvonne", "Zoe",
)  # fmt: skip

ODD_NAMES = (
    "阿卜杜拉·买买提",
    "𠮷田 太郎",
    "小王👩‍💻",
    "  李雷 ",
    'O\'Brien "Bob"',
    "王伟（实习）",
    "Zoë Müller",
    "null",
    "𬱖𬳵",
    "欧阳娜娜娜",
    "\u200b张三",
    "赵六\\n",
    "孙<b>七</b>",
    "古丽·" + "阿" * 70,
    "e\u0301ric",
)

CENTERS = ("研发", "产品", "营销", "运营", "供应链", "财务", "人力资源", "法务", "战略", "客户成功", "信息技术", "质量", "国际业务", "行政")
AREAS = (
    "平台", "前端", "后端", "移动端", "数据", "算法", "基础架构", "测试", "安全", "华东", "华南", "华北", "西南", "海外", "渠道", "大客户",
    "品牌", "内容", "社群", "采购", "物流", "仓储", "税务", "核算", "招聘", "培训", "薪酬", "合规", "投资", "用户研究", "支付", "会员",
)  # fmt: skip
UNITS_BY_DEPTH = ("公司", "事业群", "中心", "部", "室", "组", "小组", "班", "小队", "分队", "小分队", "岗位组", "席位组")
ENGLISH_DEPARTMENTS = ("R&D", "Growth", "Data Platform", "Design Studio", "Legal & Compliance", "People Team", "SRE", "Overseas Sales")
ODD_DEPARTMENTS = (
    "🚀火箭组",
    "“特殊”项目组",
    "客户·成功",
    " 前后有空格 ",
    "𠮷野家专项",
    'O\'Neil "VIP" 组',
    "A/B 测试 & 增长\\实验",
    "超长部门名称" * 10,
)
ORGANIZATION_NAME = "云杉科技有限公司"

SENIORITIES = ("", "", "初级", "中级", "高级", "资深", "首席")
ROLES = (
    "工程师", "产品经理", "设计师", "测试工程师", "数据分析师", "销售经理", "客户经理", "运营专员", "会计", "出纳", "招聘专员", "人事专员",
    "法务专员", "采购专员", "仓库管理员", "算法工程师", "架构师", "行政助理", "培训师", "项目经理",
)  # fmt: skip
ODD_TITLES = ("工程师，后端", "Sales Manager, Key Accounts", "总监/代理总经理", '"金牌"讲师', "顾问 (兼)")
TITLES = (*(seniority + role for role in ROLES for seniority in SENIORITIES[1:]), *ODD_TITLES)

WORK_PLACES = ("杭州", "上海", "北京", "深圳", "成都", "Singapore")
REMARKS = ("班车 3 号线", "素食", "导师：待定", "工位 5F-112")
