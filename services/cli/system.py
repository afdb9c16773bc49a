"""Runs the whole system on this machine: Kafka, topics, services, demo accounts. For `frontline up` and `demo`.

    async with System(Options(port=0), progress) as system:
        ...  # system.ready has the addresses

Until the block ends, a service or an embedded broker that dies is restarted.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from aiokafka.errors import KafkaError

import services
from services.cli.call_intake import load_accounts
from services.cli.demo_accounts import accounts_for
from services.cli.demo_people import demo_sign_in, has_applications, people_for
from services.cli.development_key import allowed_hosts, api_keys
from services.cli.id_secret import id_secret
from services.cli.kafka_errors import no_answer
from services.cli.notes import Note, OwnNote, usual_folder
from services.cli.options import CommandFailed
from services.cli.ports import BOARD, HOST, HTTP_PORTS, INTAKE, KAFKA, held_ports, wanted_ports
from services.cli.private_file import write_private
from services.cli.progress import Progress
from services.cli.supervisor import Program, Supervisor
from shared import test_clock
from shared.embedded_kafka.broker import EmbeddedKafka
from shared.embedded_kafka.errors import DiskFull, NotADataFolder
from shared.kafka.ping import wait_until_it_answers
from shared.kafka.settings import KafkaSettings, load
from shared.kafka.topic_admin import TopicNotCreated, apply_topics, check_topics
from shared.policy.editions import EditionLibrary
from shared.policy.settings import PolicySettings
from shared.wall_clock import utc_now
from shared.web.development_key import DEVELOPMENT_KEY

SERVICES = tuple(HTTP_PORTS)
_WITH_CALLERS = (INTAKE, BOARD)
TEST_CLOCK = "test-clock"  # its folder, beside the logs
KAFKA_TIMEOUT = 15.0  # seconds for a Kafka given by --kafka to answer
MAX_KAFKA_RESTARTS = 5  # then the system fails
_NO_NOTE = "no note of this system could be left ({error}): other commands need --kafka to find it"


class SystemFailed(CommandFailed):
    """The system could not be started or kept running; the message is one line with the reason and what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run the system.

    `data`: the folder for Kafka's data and the logs; None = a temporary one. `kafka`: host:port of a Kafka; None =
    the embedded one. `port`: the port of intake; the other services keep their distance to it, and 0 = free ones for
    all. `kafka_port`: that of the embedded Kafka; None = the usual one, or a free one if `port` is 0. `policies`: names
    or files of editions, separated by commas; None = those of the environment. `test_clock`: whether a test may advance
    the time of all services.
    """

    data: Path | None = None
    kafka: str | None = None
    port: int = HTTP_PORTS[INTAKE]
    policies: str | None = None
    test_clock: bool = False
    kafka_port: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The addresses and process ids of a running system: the content of `--ready-file`."""

    bootstrap: str
    intake_url: str
    admin_key: str
    pids: Mapping[str, int | None]  # of kafka (None if it is not embedded) and of each service
    urls: Mapping[str, str]  # the HTTP address of each service


class System:
    """The whole system. `start` and `failed` raise SystemFailed, KafkaFailed or ProgramFailed."""

    def __init__(self, options: Options, progress: Progress, ready_file: Path | None = None) -> None:
        self._options = options
        self._progress = progress
        self._ready_file = ready_file
        self._folder: Path | None = None
        self._kafka: EmbeddedKafka | None = None
        self._supervisor = Supervisor(progress, self._write_ready_file)
        self._programs: list[Program] = []
        self._note: OwnNote | None = None  # None = none could be left
        self._started = utc_now()
        self._ports: Mapping[str, int] = {}
        self._api_keys = self._hosts = ""
        self._of_callers: Mapping[str, str] = {}
        self._bootstrap = ""
        self._kafka_keeper: asyncio.Task[None] | None = None
        self._is_ready = False
        self.accounts: tuple[str, ...] = ()  # the ids of the accounts that are loaded

    @property
    def ready(self) -> Ready:
        """The current addresses and process ids."""
        kafka = None if self._kafka is None else self._kafka.pid
        pids = {"kafka": kafka, **{name: self._supervisor.pids[name] for name in SERVICES}}
        return Ready(self._bootstrap, self.urls[INTAKE], DEVELOPMENT_KEY, pids, self.urls)

    @property
    def urls(self) -> dict[str, str]:
        """The HTTP address of each service."""
        return {name: f"http://{HOST}:{self._ports[name]}" for name in SERVICES}

    @property
    def logs(self) -> Path:
        """The folder with the services' logs."""
        return (self._folder or Path()) / "logs"

    @property
    def has_test_clock(self) -> bool:
        """Whether a test may advance the time of all services."""
        return self._options.test_clock

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.stop(failed=isinstance(error, Exception))

    async def start(self) -> None:
        """Return when all services are ready and the demo accounts are loaded. An error leaves nothing running."""
        if self._ready_file is not None:
            self._ready_file.unlink(missing_ok=True)  # an earlier run may have left it
        try:
            load(KafkaSettings)  # reports a wrong environment before anything is started
            self._api_keys, self._hosts = api_keys(os.environ), allowed_hosts(os.environ)  # likewise
            self._check_folder()
            with ExitStack() as holding:
                self._claim_ports(holding)
                self._folder = self._options.data or Path(tempfile.mkdtemp(prefix="frontline-up-"))
                self.logs.mkdir(parents=True, exist_ok=True)
                self._prepare_test_clock(self._folder / TEST_CLOCK)
                await self._start_kafka()
                self._kafka_keeper = asyncio.create_task(self._keep_kafka())
                await self._prepare_topics()
                self._of_callers = self._settings_of_callers()
                self._programs = [self._program(name) for name in SERVICES]
            await self._unless_kafka_fails(self._supervisor.start(self._programs))
            self._progress.update("loading the demo accounts")
            await self._unless_kafka_fails(self._load_accounts())
            self._is_ready = True
            self._leave_note()
            self._write_ready_file()
        except asyncio.CancelledError:
            await self.stop()
            raise
        except BaseException:
            await self.stop(failed=True)
            raise

    async def failed(self) -> None:
        """Wait until the system cannot be kept running; never returns. Raises the reason."""
        await self._unless_kafka_fails(self._supervisor.failed())

    async def stop(self, *, failed: bool = False) -> None:
        """Stop everything, the services first, within 10 s. If something `failed`, the logs are kept."""
        try:
            if self._kafka_keeper is not None:
                self._kafka_keeper.cancel()
                await asyncio.gather(self._kafka_keeper, return_exceptions=True)
            await self._supervisor.stop()
            if self._kafka is not None:
                await self._kafka.stop()
            if self._ready_file is not None:
                self._ready_file.unlink(missing_ok=True)
            if self._options.data is None and self._folder is not None and not failed:
                await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        finally:
            if self._note is not None:
                self._note.remove()  # at last: until now the ports were in use

    def client(self) -> httpx.AsyncClient:
        """An HTTP client of intake with the development key."""
        headers = {"Authorization": f"Bearer {DEVELOPMENT_KEY}"}
        return httpx.AsyncClient(base_url=self.urls[INTAKE], headers=headers, timeout=10, trust_env=False)

    def _claim_ports(self, holding: ExitStack) -> None:
        """Choose the ports, and have them from here on: those of services are reserved by `holding`.

        The note claims all of them, so that another start does not take one that this one opens only later. Raises
        PortUnavailable.
        """
        options, note = self._options, OwnNote(usual_folder())
        wanted = wanted_ports(options.port, options.kafka_port, own_kafka=options.kafka is None)
        with ExitStack() as claiming:
            running: list[Note] = []
            try:
                running = claiming.enter_context(note.claiming())
                self._note = note
            except OSError as error:
                self._progress.note(_NO_NOTE.format(error=error))
            self._ports = holding.enter_context(held_ports(wanted, running))
            self._leave_note()

    def _leave_note(self) -> None:
        data, settings = self._options.data, load(KafkaSettings)
        note = Note(
            pid=os.getpid(),
            started=self._started,
            ready=self._is_ready,
            kafka=self._bootstrap,
            ports=self._ports,
            urls=self.urls,
            data=None if data is None else str(data.absolute()),
            namespace=settings.namespace,
            test_clock=self._test_clock,
        )
        try:
            if self._note is not None:
                self._note.write(note)
        except OSError as error:
            self._progress.note(_NO_NOTE.format(error=error))

    def _check_folder(self) -> None:
        """Raise NotADataFolder if the folder holds files of another program."""
        data = self._options.data
        if data is not None and data.exists():
            names = {entry.name for entry in data.iterdir()} if data.is_dir() else {""}
            if names and not names & {"kafka", "logs"}:
                raise NotADataFolder(folder=data)

    @property
    def _test_clock(self) -> str | None:
        """The folder of the clock that tests advance, if there is one."""
        return str(((self._folder or Path()) / TEST_CLOCK).absolute()) if self._options.test_clock else None

    def _prepare_test_clock(self, folder: Path) -> None:
        """Make the folder of the test clock, if there is to be one. Raises SystemFailed if there has to be one."""
        if self._options.test_clock:
            # intake leads, and takes each advance over last
            test_clock.prepare(folder, [name for name in SERVICES if name != INTAKE])
        elif test_clock.ahead_of(folder):
            raise SystemFailed(
                f"the clock of {self._folder} was advanced, and its records are dated ahead of this machine's time: "
                "start it with --test-clock again, or use another folder"
            )

    async def _load_accounts(self) -> None:
        """Load the accounts for the editions of this run."""
        accounts = accounts_for(self._editions().editions)
        async with self.client() as client:
            await load_accounts(client, accounts)
        self.accounts = tuple(accounts)

    def _editions(self) -> EditionLibrary:
        given = self._options.policies
        return (load(PolicySettings) if given is None else load(PolicySettings, policies=given)).editions()

    async def _start_kafka(self) -> None:
        if self._options.kafka is not None:
            self._bootstrap = self._options.kafka
            self._progress.update(f"waiting for Kafka at {self._bootstrap}")
            client = load(KafkaSettings, kafka_bootstrap=self._bootstrap).client()
            if not await wait_until_it_answers(self._bootstrap, KAFKA_TIMEOUT, client):
                raise SystemFailed(no_answer(self._bootstrap))
            return
        data = None if self._options.data is None else self._options.data / "kafka"
        self._kafka = EmbeddedKafka(data, port=self._ports[KAFKA], show_step=self._progress.update)
        await self._kafka.start()
        self._bootstrap = self._kafka.bootstrap

    async def _prepare_topics(self) -> None:
        self._progress.update("creating the topics")
        settings = load(KafkaSettings, kafka_bootstrap=self._bootstrap)
        try:
            await apply_topics(settings)
            drifts = [drift for drift in await check_topics(settings) if drift.what == "partitions"]
        except (TopicNotCreated, KafkaError) as error:
            raise SystemFailed(f"the topics could not be created at {self._bootstrap}: {_describe(error)}") from error
        if drifts:
            raise SystemFailed(
                f"{drifts[0]}; {len(drifts)} topics differ: set FRONTLINE_PARTITIONS to their number of partitions, or "
                "use another Kafka or data folder"
            )

    async def _unless_kafka_fails(self, step: Coroutine[Any, Any, None]) -> None:
        """Run `step`; cancel it and raise the reason if Kafka cannot be kept running meanwhile."""
        assert self._kafka_keeper is not None  # noqa: S101 - set by `start`
        running = asyncio.ensure_future(step)
        try:
            await asyncio.wait([running, self._kafka_keeper], return_when=asyncio.FIRST_COMPLETED)
            await (running if running.done() else self._kafka_keeper)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _keep_kafka(self) -> None:
        """Restart an embedded broker that dies, on the same data and port, where the services reconnect to it."""
        if self._kafka is None:
            await asyncio.Event().wait()  # whoever started the Kafka of --kafka restarts it
            return
        for _ in range(MAX_KAFKA_RESTARTS):
            failure = await self._kafka.died()
            if isinstance(failure, DiskFull):
                raise failure
            self._progress.note(f"{failure} Restarting it.")
            await self._kafka.start()
            if self._is_ready:
                await self._supervisor.all_ready(self._programs)
            self._progress.note(f"Kafka is ready again (process {self._kafka.pid})")
            self._write_ready_file()
        raise SystemFailed(f"Kafka died more than {MAX_KAFKA_RESTARTS} times: see {self._kafka.log_file}")

    def _program(self, name: str) -> Program:
        options, settings = self._options, dict[str, str]()
        if options.policies is not None:
            settings["FRONTLINE_POLICIES"] = options.policies
        settings |= {
            "FRONTLINE_KAFKA_BOOTSTRAP": self._bootstrap,
            "FRONTLINE_HTTP_HOST": HOST,
            "FRONTLINE_HTTP_PORT": str(self._ports[name]),
            # find the packages from any working directory, even if it has a folder `services`
            "PYTHONSAFEPATH": "1",
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(Path(services.__file__).parents[1]), os.environ.get("PYTHONPATH")])
            ),
        }
        environment = {**os.environ, **settings}
        environment.pop("FRONTLINE_TEST_CLOCK", None)
        if self._test_clock is not None:
            environment["FRONTLINE_TEST_CLOCK"] = self._test_clock
        if name in _WITH_CALLERS:
            environment.pop("FRONTLINE_API_KEYS_FILE", None)
            environment |= self._of_callers
        if name == INTAKE:
            environment["FRONTLINE_BOARD_ADDRESS"] = self.urls[BOARD]
        elif name == BOARD:
            environment["FRONTLINE_INTAKE_URL"] = self.urls[INTAKE]
            environment["FRONTLINE_BOARD_FILE"] = str(((self._folder or Path()) / "board.sqlite").absolute())
        command = (sys.executable, "-m", f"services.{name}")
        return Program(name, command, environment, self.logs / f"{name}.log", self.urls[name])

    def _settings_of_callers(self) -> dict[str, str]:
        """Who is known to the services with callers, the same for all of them."""
        found = {
            "FRONTLINE_API_KEYS": self._api_keys,
            "FRONTLINE_ALLOWED_HOSTS": self._hosts,
            "FRONTLINE_ID_SECRET": os.environ.get("FRONTLINE_ID_SECRET") or id_secret(self._options.data),
        }
        if not has_applications(os.environ):
            found |= self._demo_sign_in()
        return found

    def _demo_sign_in(self) -> dict[str, str]:
        """Settings by which everybody can try the pages as somebody of a demo account."""
        file, host = demo_sign_in(self._folder or Path(), people_for(self._editions(), utc_now()))
        return {"FRONTLINE_TOKEN_HOSTS": json.dumps([host]), "FRONTLINE_DEMO_SIGN_IN_FILE": str(file)}

    def _write_ready_file(self) -> None:
        if self._ready_file is None or not self._is_ready or not self._supervisor.all_up:
            return
        write_private(self._ready_file, json.dumps(asdict(self.ready)))  # it contains a key


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
