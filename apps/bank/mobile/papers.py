"""Photographs of the papers of an application, and the person's word on what was hard to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from bank.centres import papers, reading, specimens
from bank.web import Request, Route
from eden.base.ids import now

if TYPE_CHECKING:
    from bank.server import Bank

#: bytes: a phone's photo in base64
_BODY = 8 << 20


class Papers(Struct, frozen=True):
    """The papers that an application needs, in their order; `has_specimens`: the customer is made up, and pictures of
    papers can be had."""

    items: list[papers.Paper]
    has_specimens: bool


class Specimen(Struct, frozen=True):
    """A picture of a made-up customer's paper, JPEG in base64."""

    photo: bytes


def routes(bank: Bank) -> list[Route]:
    """`/v1/loan-applications/{id}/papers…`."""

    async def listed(request: Request) -> Papers:
        identifier, customer = request.path["id"], request.customer
        found = await bank.database.read(
            lambda connection: papers.of_application(
                connection, bank.seal, customer, identifier, request.chinese, now()
            )
        )
        made_up = await bank.database.read(lambda connection: specimens.are_there(connection, customer))
        return Papers(found, made_up)

    async def show(request: Request) -> papers.Paper:
        wanted = request.decode(reading.Show)
        return await bank.papers.take(request.customer, request.path["id"], wanted, request.chinese)

    async def answer(request: Request) -> papers.Paper:
        said, customer = request.decode(papers.Answer), request.customer
        identifier, kind = request.path["id"], request.path["kind"]
        await bank.database.write(
            lambda connection: papers.do_answer(connection, bank.seal, customer, identifier, kind, said, now())
        )
        return await bank.database.read(
            lambda connection: papers.find(connection, bank.seal, customer, identifier, kind, request.chinese)
        )

    async def specimen(request: Request) -> Specimen:
        kind, customer = request.path["kind"], request.customer
        return Specimen(
            await bank.database.read(lambda connection: specimens.photo(connection, bank.seal, customer, kind, now()))
        )

    path = "/v1/loan-applications/{id}/papers"
    return [
        Route("GET", path, listed, "credit.paper.list", returns=Papers),
        Route("POST", path, show, "credit.paper.show", reading.Show, papers.Paper, body=_BODY),
        Route("POST", f"{path}/{{kind}}", answer, "credit.paper.answer", papers.Answer, papers.Paper),
        Route("GET", "/v1/specimens/{kind}", specimen, "credit.specimen.get", returns=Specimen),
    ]
