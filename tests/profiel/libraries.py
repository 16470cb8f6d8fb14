"""What applications do with ``zgw-consumers``, ``notifications-api-common`` and ``gemma-zds-client``, with these
libraries themselves: ``python -m tests.profiel.libraries`` reads what to do from standard input, and writes what came
of it.

It is a process of its own, because the first two are parts of a Django project, and ask without an event loop.
"""

import json
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.urls import include, path
from django.utils import encoding
from psycopg.conninfo import conninfo_to_dict

# The newest wheel of djangorestframework-camel-case uses a name that Django has changed.
encoding.force_text = encoding.force_str

SERVICES = {"zaken": "zrc", "documenten": "drc", "catalogi": "ztc", "besluiten": "brc", "autorisaties": "ac"}
CHECKED = {
    "zaken": "statussen",
    "catalogi": "zaaktypen",
    "besluiten": "besluiten",
    "autorisaties": "applicaties",
    "notificaties": "kanaal",
}
"""The path that a check of the connection may have, so that it looks at the secret too."""
CRS = {"Accept-Crs": "EPSG:4326", "Content-Crs": "EPSG:4326"}
urlpatterns = [path("notifications/", include("notifications_api_common.urls"))]


def domain() -> str:
    """Return the host name of the application."""
    return "objecten.example.nl"


def reach(address: str, port: int) -> None:
    """Let a host name lead to a port of this machine."""
    from urllib3.util import connection

    connect = connection.create_connection

    def connected(wanted: tuple[str, int], *arguments: Any, **options: Any) -> Any:
        return connect(("127.0.0.1", port) if wanted[0] == address else wanted, *arguments, **options)

    connection.create_connection = connected  # type: ignore[assignment]


def set_up(dsn: str) -> None:
    """Make a project of Django with the tables of the libraries in an empty database."""
    at = conninfo_to_dict(dsn)
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": at["dbname"]}
    database |= {name.upper(): str(at[name]) for name in ("user", "password", "host", "port") if name in at}
    apps = ("django.contrib.contenttypes", "solo", "simple_certmanager", "zgw_consumers", "notifications_api_common")
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=apps,
        MIGRATION_MODULES={name.rpartition(".")[2]: None for name in apps},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        ROOT_URLCONF=__name__,
        NOTIFICATIONS_API_GET_DOMAIN=f"{__name__}.domain",
        USE_TZ=True,
        SECRET_KEY="test" * 8,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)


class Receiver(BaseHTTPRequestHandler):
    """The webhook of an application: looks at the token that it gave itself, and reads with the serializer."""

    received: list[dict[str, Any]] = []
    asked: list[int] = []
    secret = ""
    came = threading.Event()

    def do_POST(self) -> None:
        """Take a message."""
        import jwt
        from djangorestframework_camel_case.util import underscoreize
        from notifications_api_common.api.serializers import NotificatieSerializer

        body = self.rfile.read(int(self.headers["Content-Length"]))
        _, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            jwt.decode(token, self.secret, ["HS256"])
            status = 204
        except jwt.InvalidTokenError:
            status = 403
        self.asked.append(status)
        self.send_response(status)
        self.end_headers()
        if status == 204:
            read = NotificatieSerializer(data=underscoreize(json.loads(body)))
            read.is_valid(raise_exception=True)
            if read.validated_data["kanaal"] != "test":
                self.received.append(json.loads(body))
                self.came.set()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Consumer:
    """An application that is told of a Samenzaak at ``base``."""

    def __init__(self, base: str, client_id: str, secret: str, **given: Any) -> None:
        self.base, self.client_id, self.secret, self.given = base, client_id, secret, given

    def service(self, name: str, **values: Any) -> Any:
        """Return a service as an administrator fills it in; it is not stored."""
        from zgw_consumers.models import Service

        usual = {"label": name, "slug": name, "api_type": SERVICES.get(name, "nrc"), "auth_type": "zgw"}
        usual |= {"api_root": f"{self.base}/{name}/api/v1/", "client_id": self.client_id, "secret": self.secret}
        return Service(**{**usual, **values})

    def checks(self) -> dict[str, Any]:
        """Check connections: of the bare roots, and of paths with the right and a wrong secret."""
        wrong = {"secret": "niet-het-geheim-van-deze-applicatie"}
        return {
            "roots": {name: self.service(name).connection_check for name in (*SERVICES, "notificaties")},
            "wrong": {name: self.service(name, **wrong).connection_check for name in (*SERVICES, "notificaties")},
            "paths": {
                name: [
                    self.service(name, api_connection_check_path=at, **more).connection_check for more in ({}, wrong)
                ]
                for name, at in CHECKED.items()
            },
        }

    def pages(self) -> dict[str, Any]:
        """Make zaken and read them in pages."""
        from zgw_consumers.client import build_client
        from zgw_consumers.service import pagination_helper

        client = build_client(self.service("zaken"))
        made = []
        for number in range(5):
            answer = client.post("zaken", json={**self.given["zaak"], "omschrijving": f"{number}"}, headers=CRS)
            assert answer.status_code == 201, answer.text
            made.append(answer.json()["url"])
        query = {"zaaktype": self.given["zaak"]["zaaktype"], "pageSize": "2", "ordering": "-identificatie"}
        first = client.get("zaken", params=query, headers=CRS)
        first.raise_for_status()
        client.headers.update(CRS)
        found = [each["url"] for each in pagination_helper(client, first.json())]
        return {"made": made, "found": found, "one": client.get(made[0]).json()["omschrijving"]}

    def zds(self) -> dict[str, Any]:
        """Use the client that reads the OAS for names, addresses and headers of operations."""
        from zds_client import Client, ClientAuth, ClientError

        auth = ClientAuth(self.client_id, self.secret, user_id="1", user_representation="Een")
        client = Client(
            f"{self.base}/autorisaties/api/v1",
            oas_location="schema/openapi.yaml",
            auth=auth,
        )
        made = client.create(
            "applicatie", {"clientIds": [self.given["name"]], "label": "zds", "heeftAlleAutorisaties": True}
        )
        read = client.retrieve("applicatie", uuid=made["url"].rpartition("/")[2])
        changed = client.partial_update("applicatie", {"label": "anders"}, url=made["url"])
        listed = client.list("applicatie", params={"clientIds": self.given["name"]})
        client.delete("applicatie", url=made["url"])
        try:
            client.retrieve("applicatie", url=made["url"])
            code = ""
        except ClientError as refused:
            code = refused.args[0]["code"]
        return {"same": read == made, "changed": changed["label"], "count": listed["count"], "code": code}

    def notifications(self) -> dict[str, Any]:
        """Register a kanaal twice, subscribe, send, and receive."""
        from django.core.management import call_command
        from notifications_api_common.kanalen import Kanaal
        from notifications_api_common.models import NotificationsConfig, Subscription
        from notifications_api_common.tasks import send_notification
        from zgw_consumers.models import Service

        service: Any = self.service("notificaties")
        service.save()
        config = NotificationsConfig.get_solo()
        config.notifications_api_service = Service.objects.get()
        config.save()
        name = self.given["name"]
        kanaal = Kanaal(name, main_resource=Service, kenmerken=("api_type",))
        client = NotificationsConfig.get_client()
        said, filters = [], []
        for kenmerken in (("api_type",), ("api_type", "label")):
            kanaal.kenmerken = kenmerken
            out = StringIO()
            call_command("register_kanalen", stdout=out, stderr=out)
            said.append(out.getvalue().partition(" with ")[0].strip())
            filters.append(client.get("kanaal", params={"naam": name}).json()[0]["filters"])
        server = HTTPServer(("127.0.0.1", 0), Receiver)
        Receiver.secret = self.secret
        threading.Thread(target=server.serve_forever, daemon=True).start()
        subscription = Subscription(identifier=name, callback_url=f"http://127.0.0.1:{server.server_port}/hook")
        subscription.client_id, subscription.secret, subscription.channels = self.client_id, self.secret[:50], [name]
        subscription.save()
        subscription.register()
        url = "https://objecten.example.nl/api/v2/objects/1"
        message = {"kanaal": name, "hoofdObject": url, "resource": "object", "resourceUrl": url, "actie": "create"}
        message |= {"aanmaakdatum": "2026-06-01T10:00:00Z", "kenmerken": {"apiType": "orc"}}
        send_notification.apply(args=[message], throw=True)
        Receiver.came.wait(20)
        server.shutdown()
        known = client.get(subscription._subscription).json()
        return {
            "said": said,
            "filters": filters,
            "asked": Receiver.asked[:2],
            "sent": message,
            "received": Receiver.received,
            "kanalen": known["kanalen"],
        }


def main() -> None:
    """Do what is asked for."""
    asked = json.load(sys.stdin)
    set_up(asked.pop("dsn"))
    reach(urlsplit(asked["base"]).hostname or "", asked.pop("port"))
    consumer = Consumer(**asked)
    tasks: dict[str, Callable[[], Any]] = {
        "checks": consumer.checks,
        "pages": consumer.pages,
        "zds": consumer.zds,
        "notifications": consumer.notifications,
    }
    json.dump({name: task() for name, task in tasks.items()}, sys.stdout)


if __name__ == "__main__":
    main()
