"""What pages call acts, places, reports, bases and papers."""

from __future__ import annotations

from shop.i18n import lazy

ACTS = {
    "harvest": lazy("采收"), "slaughter": lazy("屠宰"), "received": lazy("收购"), "process": lazy("加工"), "split": lazy("分批"),
    "mix": lazy("混批"), "pack": lazy("包装"), "unpack": lazy("拆包"), "discard": lazy("损耗"), "undo": lazy("撤销"),
}  # fmt: skip
BIRTHS = {name: ACTS[name] for name in ("harvest", "slaughter", "received")}
PLACES = {
    "plot": lazy("地块"), "orchard": lazy("果园"), "barn": lazy("圈舍、大棚"), "pond": lazy("池塘"),
    "slaughterhouse": lazy("屠宰场"), "workshop": lazy("加工车间"), "warehouse": lazy("仓库"),
    "collection_point": lazy("集货点"), "other": lazy("其他"),
}  # fmt: skip
TIERS = {"county": lazy("县级"), "township": lazy("乡级"), "village": lazy("村级")}
REPORTS = {
    "commissioned": lazy("委托检测"), "own": lazy("自我检测"), "factory": lazy("出厂检验"), "official": lazy("监督抽检"),
}  # fmt: skip
MEAT_PAPERS = {"quarantine": lazy("动物检疫合格证明"), "meat_inspection": lazy("肉品品质检验合格证")}
PASSAGES = {"arrived": lazy("到达"), "stored": lazy("存放"), "left": lazy("离开")}
SUPPLIERS = {"organisation": lazy("企业、合作社、家庭农场"), "household": lazy("农户（个人）")}
BASES = {
    "commissioned_test": lazy("委托检测"), "own_test": lazy("自我检测"), "quality_control": lazy("内部质量控制"),
    "own_promise": lazy("自我承诺"),
}  # fmt: skip
MISSING = {
    "commitment": lazy("承诺达标合格证"), "passed_test": lazy("合格的检测报告（有不合格的，不能发货）"), "factory_test": lazy("出厂检验报告"), "quarantine": MEAT_PAPERS["quarantine"],
    "meat_inspection": MEAT_PAPERS["meat_inspection"], "supplier": lazy("收购来源单位和随货证明"),
}  # fmt: skip
SIDES = {"above": lazy("高于上限"), "below": lazy("低于下限")}
BATCH_STATES = {
    "open": (lazy("在册"), "good"), "recalled": (lazy("已召回"), "bad"), "undone": (lazy("已撤销"), ""),
}  # fmt: skip
WORDS = {
    "acts": ACTS, "places": PLACES, "tiers": TIERS, "reports": REPORTS, "meat": MEAT_PAPERS, "bases": BASES,
    "missing": MISSING, "passages": PASSAGES, "sides": SIDES, "states": BATCH_STATES, "suppliers": SUPPLIERS,
}  # fmt: skip
