"""Opens real TCP connections between network namespaces all the time, and counts them.

A socket belongs to the namespace its process was in when it was made, so one process is all clients and all servers.

First line:  {"places": [{"namespace": NAME, "address": IP}, ...], "ports": [PORT, ...], "last": [FROM, TO, PORT]}
Then:        {"do": "look", "pairs": [[FROM, TO, PORT], ...]}              answer: {"open": [true, ...]}
             {"do": "start", "allowed": [pair, ...], "denied": [pair, ...]} answer: {}
             {"do": "stop"}                                                 answer: {"allowed": N, "denied": N, "wrong": [...]}

The process stays on one processor, through whose queue all packets travel in order. So when the connection that was opened last
stands, every SYN before it has arrived or was dropped, and so has every answer to it: "last" is a pair that is always allowed.
"""

import ctypes
import json
import os
import select
import socket
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
BACKLOG = 4096
SECONDS = 20
MOST_WRONG = 20
PAUSE = 0.002
# struct tcp_info of linux/tcp.h: tcpi_total_retrans. A SYN that is dropped is sent again a second later, and would hide it.
RETRANSMISSIONS = 100
# Closed by RST: nothing is left of it, so that ports never run out.
AT_ONCE = struct.pack("ii", 1, 0)

libc = ctypes.CDLL(None, use_errno=True)


def enter(descriptor):
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter a namespace")


def say(answer):
    print(json.dumps(answer), flush=True)


class Network:
    def __init__(self, places, ports, last):
        self.addresses = [each["address"] for each in places]
        self.namespaces = [os.open(f"/run/netns/{each['namespace']}", os.O_RDONLY) for each in places]
        self.last = tuple(last)
        self.listeners = []
        for namespace in self.namespaces:
            enter(namespace)
            for port in ports:
                listener = socket.socket()
                listener.bind(("0.0.0.0", port))
                listener.listen(BACKLOG)
                listener.setblocking(False)
                self.listeners.append(listener)

    def open(self, pairs):
        """One new connection for each pair, the last one behind them: whether it stands, or why not."""
        clients = []
        place = None
        for source, destination, port in [*pairs, self.last]:
            if source != place:
                enter(self.namespaces[source])
                place = source
            client = socket.socket()
            client.setblocking(False)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            client.connect_ex((self.addresses[destination], port))
            clients.append(client)
        deadline = time.monotonic() + SECONDS
        while not stands(clients[-1]):
            if time.monotonic() > deadline:
                raise TimeoutError(f"a connection that is always allowed did not stand within {SECONDS} s")
            time.sleep(0.001)
        answers = [answer(client) for client in clients]
        for listener in self.listeners:
            try:
                while True:
                    listener.accept()[0].close()
            except BlockingIOError:
                pass
        for client in clients:
            client.close()
        return answers[:-1]


def stands(client):
    poll = select.poll()
    poll.register(client, select.POLLOUT)
    return len(poll.poll(0)) > 0


def answer(client):
    if not stands(client):
        return "no answer"
    error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error != 0:
        return os.strerror(error)
    info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, RETRANSMISSIONS + 4)
    return "a second SYN was needed" if struct.unpack_from("I", info, RETRANSMISSIONS)[0] > 0 else None


def stream(network, allowed, denied, stop):
    rounds, wrong = 0, []
    while not stop.poll(0):
        answers = network.open([*denied, *allowed])
        rounds += 1
        # Whoever changes the node needs a processor, too.
        time.sleep(PAUSE)
        if len(wrong) >= MOST_WRONG:
            continue
        for index, reason in enumerate(answers):
            if index < len(denied) and reason is None:
                wrong.append([*denied[index], "got through"])
            elif index >= len(denied) and reason is not None:
                wrong.append([*allowed[index - len(denied)], reason])
    return {"allowed": rounds * len(allowed), "denied": rounds * len(denied), "wrong": wrong}


def main():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    # No line may wait in a buffer where poll does not see it.
    lines = os.fdopen(0, "rb", buffering=0)
    stop = select.poll()
    stop.register(0, select.POLLIN)
    network = Network(**json.loads(lines.readline()))
    say({})
    for line in lines:
        command = json.loads(line)
        if command["do"] == "look":
            say({"open": [reason is None for reason in network.open(command["pairs"])]})
        elif command["do"] == "start":
            say({})
            say(stream(network, command["allowed"], command["denied"], stop))


main()
