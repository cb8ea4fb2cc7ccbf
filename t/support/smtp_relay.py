#!/usr/bin/env python3
"""smtp_relay.py PORT FOLDER CERTIFICATE KEY starttls|tls USER PASSWORD: a mail relay on loopback that takes mails from this user alone, by
TLS alone, into the maildir FOLDER."""

import signal
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import AuthResult


def main():
    port, folder, certificate, key, security, user, password = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def authenticator(_server, _session, _envelope, _mechanism, data):
        good = data.login == user.encode() and data.password == password.encode()
        return AuthResult(success=good, handled=False)

    if security == "starttls":
        tls = {"tls_context": context, "require_starttls": True}
    else:
        # aiosmtpd knows of no TLS that was there before its first byte.
        tls = {"ssl_context": context, "auth_require_tls": False}
    relay = Controller(Mailbox(folder), hostname="127.0.0.1", port=int(port), auth_required=True, authenticator=authenticator, **tls)
    relay.start()
    signal.sigwait([signal.SIGTERM])
    relay.stop()


signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
main()
