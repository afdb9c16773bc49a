"""The addresses of the chat: its page, and the WebSocket `/v1/chat` that pages here and elsewhere use."""

from contextlib import suppress

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.intake.chat.connection import BAD_HELLO, LATER, Chat
from services.intake.chat.frames import Hello
from services.intake.errors import NoLiveChat
from services.intake.pages import form_page
from services.intake.pages.routes import STREAMS
from services.intake.pages.visit import Visit
from services.intake.service import Service, service_of
from shared.messages.catalogues import accepted, messages_in
from shared.messages.messages import Messages
from shared.pages.page import Page, in_language
from shared.pages.rendered import render
from shared.pages.visit import is_own_origin, visit_of
from shared.web import problem
from shared.web.errors import NotFromHere, Refusal, Unauthenticated
from shared.web.origins import is_from

pages = APIRouter(route_class=Page, include_in_schema=False)
sockets = APIRouter()


@pages.get("/chat")
async def chat_page(request: Request) -> Response:
    """The page of the chat, where the edition in force has a live chat."""
    visit = visit_of(service_of(request), request)
    if visit.edition.live_chat is None:
        raise NoLiveChat("refusal.no_live_chat")
    questions = form_page.questions(visit.edition, {}, visit.language)
    return in_language(visit) or visit.keep(render(visit, "chat.html", questions=questions))


@sockets.websocket("/v1/chat")
async def chat(socket: WebSocket) -> None:
    """A chat. A page of another origin than ours has to be on the list, and is never known by cookies."""
    service = service_of(socket)
    origin, host = socket.headers.get("origin"), socket.headers.get("host", "")
    if origin is not None and not is_from(origin, host, service.settings.other_origins):
        await _deny(socket, NotFromHere("refusal.not_from_here"))
        return
    await socket.accept()
    connection = Chat(socket, service)
    messages = messages_in(accepted(socket.headers.get("accept-language")))
    try:
        visit = await _visit(socket, service, await connection.hello())
        messages = visit.messages
        with service.places.place(visit.caller, STREAMS):
            signed_in = visit.person is not None
            await connection.send({"type": "welcome", "signed_in": signed_in, "topics": service.topics.set.version})
            await connection.run(visit)
    except Refusal as refusal:
        await _refused(connection, messages, refusal)
    except WebSocketDisconnect:
        pass


async def _visit(socket: WebSocket, service: Service, hello: Hello) -> Visit:
    """Who chats: whoever the token says, here as elsewhere; else, on a page of ours, whom the cookies say.

    Raises Unauthenticated for a token that is not valid or missing, AnotherPerson for a page that is somebody else's.
    """
    visit = visit_of(service, socket, language=hello.language, zone=hello.zone)
    token = None if hello.token is None else f"Bearer {hello.token.get_secret_value()}"
    if token is None and is_own_origin(socket):
        visit.check_identity({"identity": hello.identity or ""})
        return visit
    caller = await service.gate.identify(socket, token or socket.headers.get("authorization"))
    if caller.person is None:  # a client with a key submits for others, by calls
        raise Unauthenticated("refusal.chat_token")
    return visit.of_caller(caller)


async def _deny(socket: WebSocket, refusal: Refusal) -> None:
    """Refuse the handshake, as any call is refused."""
    await socket.send_denial_response(problem.render(refusal, accepted(socket.headers.get("accept-language"))))


async def _refused(connection: Chat, messages: Messages, refusal: Refusal) -> None:
    """Say why there is no chat, and close it."""
    with suppress(WebSocketDisconnect):
        await connection.refuse(messages, refusal)
        await connection.close(LATER if "Retry-After" in refusal.headers else BAD_HELLO)
