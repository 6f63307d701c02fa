"""The steps of the safe exit (`egress`): a call that leads to a third party."""

from __future__ import annotations

from eden.base.outbound import returned as returned_outside
from eden.gateway.exchange import Answer, Exchange
from eden.gateway.pipeline import codes, egress
from eden.gateway.pipeline.codes import Stop
from eden.gateway.pipeline.headers import returned
from eden.gateway.pipeline.leaving import Leaving
from eden.gateway.pipeline.notes import notes_of


class Outward(Leaving):
    def _aim_outside(self, exchange: Exchange, route: egress.EgressRoute) -> None:
        """Where it leads, and what is sent there; Stop unless it is listed."""
        notes = notes_of(exchange)
        notes.place = egress.wanted(exchange.target)
        route.check(notes.place, exchange.method.decode())
        exchange.send_path = notes.place.path
        exchange.send_headers = egress.sent_headers(exchange.headers)
        exchange.send_body = exchange.body or b""
        exchange.whole_answer = True
        exchange.locates = True

    async def _pin(self, exchange: Exchange, resolve: egress.Resolve) -> None:
        """Look the place up, and pin its address; Stop."""
        notes = notes_of(exchange)
        if notes.stop is not None:
            raise notes.stop
        assert notes.place is not None
        exchange.address = await egress.pin(notes.place, resolve)

    def redirected(self, exchange: Exchange, answer: Answer) -> bool:
        """Whether the proxy follows a redirect of the safe exit: `locate` is asked again, and says when it leads
        nowhere.
        """
        notes = notes_of(exchange)
        if notes.place is None:
            return False
        route = _exit_of(exchange)
        try:
            hop = egress.next_hop(
                notes.place,
                exchange.send_method,
                exchange.send_headers,
                exchange.send_body or b"",
                answer.status,
                answer.headers,
            )
            if hop is None:
                return False
            notes.hops += 1
            if notes.hops > route.redirects:
                raise Stop(codes.UPSTREAM, f"There are more than {route.redirects} redirects.")
            route.check(hop.place, hop.method.decode())
        except Stop as stop:
            notes.stop = stop
            return True
        notes.place = hop.place
        exchange.address = None
        exchange.send_method, exchange.send_headers, exchange.send_body = hop.method, hop.headers, hop.body
        exchange.send_path = hop.place.path
        return True

    def _from_outside(self, exchange: Exchange, answer: Answer) -> Answer:
        most = _exit_of(exchange).bytes
        if len(answer.body or b"") > most:
            return self._stopped(exchange, egress.too_large(most))
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in returned(answer.headers)]
        answer.headers = returned_outside(pairs)
        return self._finished(exchange, answer)


def _exit_of(exchange: Exchange) -> egress.EgressRoute:
    return exchange.route  # type: ignore[return-value]
