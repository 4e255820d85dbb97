"""A lock server: clients ask, the server grants, clients give back; messages get lost by nobody."""

from __future__ import annotations

from checker.language import Process, Record, SpinLock, Static, always, implies, softirq, spin_lock, when


class Server(Static):
    holds: bool


class Client(Record):
    asks: bool
    granted: bool
    holds: bool
    returns: bool


class Thread(Process):
    pass


server = Server()
network = SpinLock("network")


@softirq("start")
def start(client: Client) -> None:
    with spin_lock(network):
        client.asks = True


@softirq("grant")
def grant(client: Client) -> None:
    with spin_lock(network):
        when(not server.holds and client.asks)
        server.holds = True
        client.asks = False
        client.granted = True


@softirq("receive")
def receive(client: Client) -> None:
    with spin_lock(network):
        when(client.granted)
        client.granted = False
        client.holds = True


@softirq("give_back")
def give_back(client: Client) -> None:
    with spin_lock(network):
        when(client.holds)
        client.holds = False
        client.returns = True


@softirq("take_back")
def take_back(client: Client) -> None:
    with spin_lock(network):
        when(client.returns)
        client.returns = False
        server.holds = False


@always(stands_for="mutual exclusion", because="the server grants only what it has")
def mutual_exclusion(a: Client, b: Client) -> bool:
    return implies(a != b, not (a.holds and b.holds))
