"""A mail server that speaks SMTP on a socket of its own: keeps what it is handed, refuses or dies when told to."""

import os
import signal
import socketserver
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import Any

from config.env import MailServer


class Mailbox:
    """What arrived, and how the server behaves: ``refuses`` answers 451 to the next so many, ``hangs_up`` drops the
    connection after it has taken a mail, before it says so; ``kills`` names a file with the number of the process to kill then."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = 0
        self.hangs_up = False
        self.connections = 0
        self.kills: Path | None = None


class _Talk(socketserver.StreamRequestHandler):
    server: Any

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        box: Mailbox = self.server.box
        box.connections += 1
        self.say("220 test")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                block = b"".join(iter(self.rfile.readline, b".\r\n"))
                box.mails.append(message_from_bytes(block, policy=policy.default))  # type: ignore[arg-type]
                if box.kills is not None:
                    os.kill(int(box.kills.read_text()), signal.SIGKILL)
                    return
                if box.hangs_up:
                    return
                self.say("250 taken")
            elif word == b"RCPT" and box.refuses:
                box.refuses -= 1
                self.say("451 later")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 test" if word != b"EHLO" else "250-test\r\n250 8BITMIME")


class PostOffice:
    """``with PostOffice() as office``: ``office.address`` is the setting MAIL_SERVER, ``office.box`` what arrived."""

    def __enter__(self) -> "PostOffice":
        self.box = Mailbox()
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Talk)
        self.server.daemon_threads = True
        self.server.box = self.box  # type: ignore[attr-defined]
        self.thread = Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        self.address = MailServer("127.0.0.1", self.server.server_address[1], "", "", "none")
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
