"""The accounts that a visitor of the demo signs in with: one for each role."""

from __future__ import annotations

from dataclasses import dataclass

#: One password for all of them; they exist in demos only.
PASSWORD = "duikou-832"  # noqa: S105  printed at every start


@dataclass(frozen=True)
class Account:
    """A person of the demo: sign-in number, roles and the key of the organisation."""

    label: str
    number: str
    name: str
    organisation: str
    roles: tuple[str, ...]

    @property
    def phone(self) -> str:
        """The number in E.164."""
        return f"+86{self.number}"


ACCOUNTS = (
    Account("采购单位 经办", "19900000101", "王敏", "institution:0", ("institution_requester",)),
    Account("采购单位 审批", "19900000102", "李国强", "institution:0", ("institution_approver",)),
    Account("采购单位 验收", "19900000103", "张秀英", "institution:0", ("institution_receiver",)),
    Account("采购单位 财务", "19900000104", "刘洋", "institution:0", ("institution_finance",)),
    Account("采购单位 管理员", "19900000105", "陈静", "institution:1", ("institution_admin",)),
    Account("供应商 业务", "19900000201", "马海波", "case_seller:0", ("producer_clerk",)),
    Account("供应商 财务（登记）", "19900000202", "杨春燕", "case_seller:0", ("producer_finance",)),
    Account("供应商 管理员（复核）", "19900000203", "马建国", "case_seller:0", ("producer_admin",)),
    Account("代理 业务", "19900000204", "苗永强", "agent:620421", ("agent_clerk",)),
    Account("代理 管理员", "19900000205", "强玉梅", "agent:620421", ("agent_admin",)),
    Account("官方 靖远县 经办", "19900000301", "赵丽", "authority:620421", ("authority_reviewer",)),
    Account("官方 靖远县 确认", "19900000302", "高志明", "authority:620421", ("authority_confirmer",)),
    Account("官方 甘肃省 查询", "19900000303", "梁华", "authority:620000", ("authority_viewer",)),
    Account("官方 天津市和平区 查询", "19900000304", "许涛", "authority:120101", ("authority_viewer",)),
    Account("官方 天津市和平区财政（按预算级次） 查询", "19900000305", "孙伟", "finance:120101", ("authority_viewer",)),
    Account("运营 审核", "19900000401", "周磊", "operator", ("operator_reviewer",)),
    Account("运营 财务", "19900000402", "吴霞", "operator", ("operator_finance",)),
    Account("运营 复核", "19900000403", "郑平", "operator", ("operator_confirmer",)),
    Account("运营 审计", "19900000404", "冯东", "operator", ("operator_auditor",)),
)

#: Role, sign-in name and password, as ``duikou up`` prints them.
DEMO_ACCOUNTS = tuple((account.label, account.number, PASSWORD) for account in ACCOUNTS)
