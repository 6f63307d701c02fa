"""Handlers of the staff pages, and the lines of the menu."""

from __future__ import annotations

from typing import Any

from bank.staff.pages import (
    batches,
    books,
    cases,
    customers,
    history,
    lender,
    password,
    products,
    reversals,
    sign_in,
    tree,
)
from eden.console.view import NavigationItem

NAVIGATION = (
    NavigationItem("work", "Work list", "工作台", "work", "work.read", "list"),
    NavigationItem("customers", "Customers", "客户", "customers", "customers.read", "people"),
    NavigationItem("products", "Products", "产品", "products", "products.read", "package"),
    NavigationItem("lender", "Lender", "贷款机构", "lender", "products.read", "globe"),
    NavigationItem("reversals", "Reversals", "冲正", "reversals", "reversals.read", "rollback"),
    NavigationItem("books", "Books", "账务", "books", "books.read", "equal"),
    NavigationItem("tree", "Tamper evidence", "防篡改", "tree", "books.read", "shield"),
    NavigationItem("batches", "Batches", "批处理", "batches", "batches.read", "clock"),
    NavigationItem("trail", "Audit log", "审计日志", "trail", "trail.read", "scroll", "workspace"),
    NavigationItem("password", "Change password", "修改密码", "password", "own.password", "key", "person"),
)

HANDLERS: tuple[Any, ...] = (
    *sign_in.HANDLERS,
    *password.HANDLERS,
    *cases.HANDLERS,
    *customers.HANDLERS,
    *products.HANDLERS,
    *lender.HANDLERS,
    *reversals.HANDLERS,
    *books.HANDLERS,
    *tree.HANDLERS,
    *batches.HANDLERS,
    *history.HANDLERS,
)
