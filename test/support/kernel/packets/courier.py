"""Sends and receives raw packets in many network namespaces.

A socket belongs to the namespace its process was in when it was made, so one process serves all of them. It is told what
to do by lines of JSON on stdin and answers with one line each; it ends when stdin does.

First line:  {"places": [{"namespace": NAME, "isNode": false}, ...]}
Then:        {"send": [[PLACE, HEX], ...], "await": [[PLACE, ID], ...], "timeoutMs": N}
Answer:      {"arrived": [[PLACE, ID], ...], "missing": [[PLACE, ID], ...]}

What is sent comes before what is awaited: a packet that has not arrived when all awaited ones have will never arrive,
because all travel in order through the queue of the one processor this process stays on.
"""

import ctypes
import json
import os
import select
import socket
import sys
import time

CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33
ETH_P_IP = 0x0800
PROTOCOLS = (1, 6, 17, 132, 253)

libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    with open(f"/run/netns/{namespace}") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter namespace {namespace}")


def receivers(is_node):
    """A pod's end of the wire shows what has reached it. The node's shows what passes through, too: there, raw sockets
    get what has passed INPUT."""
    if not is_node:
        return [socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))]
    return [socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol) for protocol in PROTOCOLS]


class Place:
    def __init__(self, namespace, is_node):
        enter(namespace)
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.receivers = receivers(is_node)
        for receiver in self.receivers:
            receiver.setblocking(False)
            receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)


def drain(receiver):
    """Yields the identification of every packet that waits."""
    while True:
        try:
            packet = receiver.recv(256)
        except BlockingIOError:
            return
        yield int.from_bytes(packet[4:6], "big")


def deliver(places, poll, owners, request):
    for place, packet in request["send"]:
        data = bytes.fromhex(packet)
        try:
            places[place].sender.sendto(data, (socket.inet_ntoa(data[16:20]), 0))
        except PermissionError:
            pass  # OUTPUT dropped it, which sendto tells the sender.
    arrived, missing = [], {tuple(each) for each in request["await"]}
    deadline = time.monotonic() + request["timeoutMs"] / 1000
    while missing and (left := deadline - time.monotonic()) > 0:
        for descriptor, _ in poll.poll(left * 1000):
            place, receiver = owners[descriptor]
            for identification in drain(receiver):
                missing.discard((place, identification))
                arrived.append((place, identification))
    # What arrived before the last awaited packet may wait at a socket that was asked before it came.
    for place, receiver in owners.values():
        arrived.extend((place, identification) for identification in drain(receiver))
    return {"arrived": arrived, "missing": sorted(missing)}


def main():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    places = [Place(each["namespace"], each["isNode"]) for each in json.loads(sys.stdin.readline())["places"]]
    owners, poll = {}, select.poll()
    for index, place in enumerate(places):
        for receiver in place.receivers:
            owners[receiver.fileno()] = (index, receiver)
            poll.register(receiver, select.POLLIN)
    print("{}", flush=True)
    for line in sys.stdin:
        print(json.dumps(deliver(places, poll, owners, json.loads(line))), flush=True)


main()
