"""POST /login: the credentials go to the upstream, and only its word makes a connection."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hmac import compare_digest
from typing import Final

from pydantic import SecretStr
from quart import Response, request

from treenail_runtime.auth.login import (
    Accepted,
    ChoicesUnavailableError,
    Denied,
    Fault,
    LoginForm,
    Unavailable,
    Unjudged,
    accounts_of,
    make_config,
    read_typed,
)
from treenail_runtime.auth.records import Client, ConnectionConfig, Digest, Instance, PendingLogin
from treenail_runtime.contract import LoginField
from treenail_runtime.crypto.opaque import digest, is_well_formed, new_token
from treenail_runtime.edge.limiting import first_refusal
from treenail_runtime.limits import Bucket
from treenail_runtime.storage.audit import EventType
from treenail_runtime.upstream.ways import is_ready, missing_beside, missing_fields

from .asking import ACCESS_KEY, Question, ask, login_form
from .completing import as_tried, complete, join
from .departing import depart
from .forms import Parameters, read_form
from .page import as_page
from .problems import DENIED_TOO_OFTEN, GONE, MALFORMED, NOTHING_TO_CHOOSE, PageError, too_fast
from .proving import known_client, proven_login
from .services import OAuth
from .views import Alarm, correct, denied, given, nothing_chosen, unjudged, unreachable, untold

_CHOOSE: Final = "choose"
_PROVIDER: Final = "provider"


async def login(services: OAuth, instance: Instance) -> Response:
    """The values of the form, and the person's consent with them."""
    return await as_page(services, instance, lambda: _login(services, instance))


async def _login(services: OAuth, instance: Instance) -> Response:
    form = await read_form(request)
    is_choice = form.get("step") == _CHOOSE
    # A choice belongs to a login that was counted.
    bucket = "authorize" if is_choice else "login"
    refusal = await first_refusal(services.limiter.at(instance), (bucket, services.caller(request)))
    if refusal is not None:
        raise too_fast(refusal)
    pending = await proven_login(services, instance, request, form)
    client = await known_client(services, instance, pending)
    attempt = _Attempt(
        services=services,
        instance=instance,
        client=client,
        pending=pending,
        form=form,
        asks=login_form(services, instance),
    )
    if is_choice:
        return await attempt.choose()
    return await (attempt.leave() if form.get("way") == _PROVIDER else attempt.log_in())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """One posted form of a pending login."""

    services: OAuth
    instance: Instance
    client: Client
    pending: PendingLogin
    form: Parameters
    asks: LoginForm

    async def log_in(self) -> Response:
        """Judge what was typed, let the upstream judge it, connect or ask on."""
        if self.asks.needs_provider:
            raise PageError(MALFORMED, "no way without the provider")
        fields = self.asks.typed
        question = Question(template="consent.html", fields=fields, values=given(fields, self.form))
        typed = read_typed(fields, question.values)
        if typed.faults:
            alarm = correct(len(typed.faults))
            return await self._again(
                replace(question, status=422, alarm=alarm, faults=typed.faults)
            )
        if self.instance.credentials == "instance":
            return await self._join(question, typed.values[ACCESS_KEY.name])
        auth = self.services.connectors[self.instance.connector].auth
        if not is_ready(auth, typed.values):
            return await self._incomplete(question, missing_fields(auth, typed.values))
        config = make_config(self.instance.connector, fields, typed.values)
        hits: list[tuple[Bucket, str]] = [
            ("login_account", account) for account in accounts_of(fields, config)
        ]
        refusal = await first_refusal(self.services.limiter.at(self.instance), *hits)
        if refusal is not None:
            await self._record("limit.exceeded", "refused")
            raise too_fast(refusal)
        match await self.services.checker.check(self.instance, config):
            case Denied():
                return await self._denied(question)
            case Unjudged():
                await self._record("login.unavailable", "unjudged")
                alarm = unjudged(self.instance.title)
                return await self._again(replace(question, status=422, alarm=alarm))
            case Unavailable(retry_after_s):
                await self._record("login.unavailable", "unavailable")
                return await self._later(question, unreachable(self.instance.title), retry_after_s)
            case Accepted():
                return await self._accepted(question, config)

    async def leave(self) -> Response:
        """Keep what was typed, and send the person to the upstream's provider."""
        if not self.asks.provider:
            raise PageError(MALFORMED, "no such way")
        fields = self.asks.before_provider
        question = Question(
            template="consent.html", fields=self.asks.typed, values=given(fields, self.form)
        )
        typed = read_typed(fields, question.values)
        if typed.faults:
            alarm = correct(len(typed.faults))
            return await self._again(
                replace(question, status=422, alarm=alarm, faults=typed.faults)
            )
        auth = self.services.connectors[self.instance.connector].auth
        missing = missing_beside(auth, typed.values)
        if missing:
            faults = dict[str, Fault].fromkeys(missing, "needed")
            alarm = correct(len(missing))
            return await self._again(replace(question, status=422, alarm=alarm, faults=faults))
        return await depart(self.services, self.instance, self.pending, typed.values)

    async def choose(self) -> Response:
        """Take the choices that complete an accepted login."""
        if self.pending.step != "choose":
            raise PageError(MALFORMED, "choice without login")
        typed_fields = self.asks.typed
        config = make_config(self.instance.connector, typed_fields, self.pending.draft)
        question = Question(template="choose.html", fields=self.asks.picked)
        try:
            fields = await self._offered(config)
        except ChoicesUnavailableError as error:
            return await self._later(question, untold(self.instance.title), error.retry_after_s)
        question = replace(question, fields=fields, values=given(fields, self.form))
        typed = read_typed(fields, question.values)
        if typed.faults:
            alarm = correct(len(typed.faults))
            return await self._again(
                replace(question, status=422, alarm=alarm, faults=typed.faults)
            )
        values = {**self.pending.draft, **typed.values}
        return await self._connect(
            make_config(self.instance.connector, [*typed_fields, *fields], values)
        )

    async def _accepted(self, question: Question, config: ConnectionConfig) -> Response:
        if not self.asks.picked:
            return await self._connect(config)
        try:
            fields = await self._offered(config)
        except ChoicesUnavailableError as error:
            return await self._later(question, untold(self.instance.title), error.retry_after_s)
        if not any(field.options for field in fields):
            return await self._connect(config)
        typed = read_typed(self.asks.typed, question.values)
        if not await self._keep(typed.values):
            raise PageError(GONE, "ended meanwhile")
        return await self._again(Question(template="choose.html", fields=fields))

    async def _keep(self, values: Mapping[str, SecretStr]) -> bool:
        async def keep(version: int) -> bool:
            return await self.services.pending.accept(
                self.pending.id, values, instance_id=self.instance.id, version=version
            )

        return await as_tried(self.services, self.instance, keep)

    async def _offered(self, config: ConnectionConfig) -> Sequence[LoginField]:
        """The fields to choose, with what the upstream offers as their options.

        Raises:
            ChoicesUnavailableError: It did not tell.
            PageError: It offers nothing where a choice is needed.
        """
        checker = self.services.checker
        fields = [
            replace(field, options=dict(await checker.choices(self.instance, config, field)))
            for field in self.asks.picked
        ]
        if any(field.required and not field.options for field in fields):
            raise PageError(NOTHING_TO_CHOOSE, "nothing to choose")
        return fields

    async def _join(self, question: Question, key: SecretStr) -> Response:
        """Connect to the instance's own account, by its access key."""
        shown, known = key.get_secret_value(), self.instance.access_key
        if (
            known is None
            or not is_well_formed(shown, "iak")
            or not compare_digest(digest(shown), known)
        ):
            return await self._denied(question)
        return await join(self.services, self.instance, self.pending)

    async def _connect(self, config: ConnectionConfig) -> Response:
        return await complete(self.services, self.instance, self.pending, config)

    async def _incomplete(self, question: Question, missing: Collection[str]) -> Response:
        faults = dict[str, Fault].fromkeys(missing, "needed")
        alarm = nothing_chosen(self.instance.title, provider=self.asks.provider)
        return await self._again(replace(question, status=422, alarm=alarm, faults=faults))

    async def _denied(self, question: Question) -> Response:
        await self._record("login.failed", "denied")
        left = await self.services.pending.count_denial(self.pending.id)
        if left == 0:
            raise PageError(DENIED_TOO_OFTEN, "too many denials")
        alarm = denied(self.instance.title)
        return await self._again(replace(question, status=422, alarm=alarm))

    async def _later(self, question: Question, alarm: Alarm, retry_after_s: int) -> Response:
        return await self._again(
            replace(question, status=503, alarm=alarm, retry_after_s=retry_after_s)
        )

    async def _again(self, question: Question) -> Response:
        csrf = new_token(self.instance.token_prefix, "csr")
        await self.services.pending.add_csrf(self.pending.id, Digest(digest(csrf)))
        return ask(
            self.services,
            self.instance,
            self.client,
            self.pending.request,
            question,
            txn=self.form["txn"],
            csrf=csrf,
        )

    async def _record(self, event: EventType, outcome: str) -> None:
        await self.services.audit.record(
            event,
            outcome,
            instance=self.instance.id,
            client_id=self.client.client_id,
            ip=self.services.caller(request),
        )
