"""The customer's box of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bank.centres import messages
from bank.values import Cursor, Message, Page, Unread
from bank.web import Request, Route

if TYPE_CHECKING:
    from bank.server import Bank


def routes(bank: Bank) -> list[Route]:
    """`/v1/messages…`."""

    async def page(request: Request) -> Page[Message]:
        cursor = request.convert(Cursor).cursor
        return await bank.database.read(
            lambda connection: messages.page(connection, request.customer, request.chinese, cursor)
        )

    async def one(request: Request) -> Message:
        return await bank.database.read(
            lambda connection: messages.find(connection, request.customer, request.path["id"], request.chinese)
        )

    async def read(request: Request) -> Unread:
        return Unread(
            await bank.database.write(
                lambda connection: messages.do_read(connection, request.customer, request.path["id"])
            )
        )

    async def remove(request: Request) -> Unread:
        return Unread(
            await bank.database.write(
                lambda connection: messages.do_remove(connection, request.customer, request.path["id"])
            )
        )

    return [
        Route("GET", "/v1/messages", page, "message.box.list", returns=Page[Message], query=Cursor),
        Route("GET", "/v1/messages/{id}", one, "message.box.get", returns=Message),
        Route("POST", "/v1/messages/{id}/read", read, "message.box.read", returns=Unread),
        Route("DELETE", "/v1/messages/{id}", remove, "message.box.remove", returns=Unread),
    ]
