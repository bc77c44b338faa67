"""The file page over HTTP on loopback: what it gives, what it takes, and everything that it refuses."""

import asyncio
import re
from urllib.parse import unquote

import httpx
import pytest

from bot.language import speaking
from handlers.web.page import forms
from handlers.web.page.guard import GUESSES, Guard, Pace
from handlers.web.page.refusals import STATUS, Refused, Why, sentence
from handlers.web.serving import listening
from storage import audit, people
from storage.tables import PersonState
from tests.file_page import COLLEAGUE, CONTENT, NAME, OFFICER, SHEET, Counter
from tests.loopback import free_port

FORM = re.compile(r'name="form" value="([0-9a-f]{64})"')
XLSX = {"file": ("名单（虚构）.xlsx", CONTENT, SHEET)}


@pytest.fixture
async def counter(sqlite, clock, tmp_path):
    async with Counter(sqlite, clock, tmp_path).open() as counter:
        yield counter


@pytest.fixture
async def browser(counter):
    async with httpx.AsyncClient() as browser:
        yield browser


def form_of(page):
    return FORM.search(page.text)[1]


async def enter(browser, address):
    """Open a link as an officer does: look, press, and stand on the session's page."""
    token = form_of(await browser.get(address))
    return await browser.post(address, data={"form": token}, follow_redirects=True)


async def last(counter):
    return (await counter.notes())[-1]


async def test_a_file_goes_out_byte_for_byte_under_its_own_name(counter, browser):
    page = await enter(browser, counter.download())
    assert str(page.url) == f"{counter.base}/s"
    assert "&quot;" in page.text
    for _again in range(2):  # a broken download may be repeated while the session lasts
        got = await browser.get(f"{counter.base}/s/file")
        assert got.content == CONTENT
    disposition = got.headers["content-disposition"]
    assert disposition.isascii()
    assert unquote(disposition) == f"attachment; filename*=utf-8''{NAME}"
    assert got.headers["content-type"] == SHEET
    verbs = [verb for verb, _reason in await counter.notes()]
    assert verbs == ["page.open", "page.look", "page.download", "page.download"]
    assert {row.actor_id for row in await counter.audit()} == {1}


async def test_a_file_comes_in_once_and_reaches_the_officers_flow(counter, browser):
    page = await enter(browser, counter.upload())
    form = {"form": form_of(page)}
    done = await browser.post(f"{counter.base}/s", data=form, files=XLSX)
    assert done.status_code == 200
    ((telegram_id, received),) = counter.received
    assert (telegram_id, received.name, received.media_type) == (OFFICER, "名单（虚构）.xlsx", SHEET)
    assert counter.store.read(received.key) == CONTENT
    assert received.size == len(CONTENT)
    again = await browser.post(f"{counter.base}/s", data=form, files=XLSX)
    assert again.status_code == STATUS[Why.SESSION]
    assert len(counter.received) == 1
    assert [verb for verb, _ in await counter.notes()] == ["page.open", "page.look", "page.upload", "page.refused"]


async def test_two_uploads_at_once_give_one_file(counter, browser):
    page = await enter(browser, counter.upload())
    form = {"form": form_of(page)}
    both = await asyncio.gather(
        *(browser.post(f"{counter.base}/s", data=form, files=XLSX) for _each in range(2)), return_exceptions=True
    )
    assert sorted(each.status_code for each in both) == [200, 403]
    assert len(counter.received) == 1
    assert len(list(counter.store.path("0" * 32).parent.iterdir())) == 1


async def test_received_is_said_only_when_the_flow_has_it(counter, browser):
    page = await enter(browser, counter.upload())
    counter.fails = True
    failed = await browser.post(f"{counter.base}/s", data={"form": form_of(page)}, files=XLSX)
    assert failed.status_code == 500
    assert counter.kept() == set()


async def test_looking_at_a_link_uses_nothing_up(counter, browser):
    address = counter.download()
    for _each in range(3):
        assert (await browser.get(address)).status_code == 200
    await browser.head(address)
    assert (await enter(browser, address)).status_code == 200


async def test_a_link_opens_once(counter, browser):
    address = counter.download()
    await enter(browser, address)
    async with httpx.AsyncClient() as other:
        assert (await other.get(address)).status_code == STATUS[Why.USED]
    assert await last(counter) == ("page.refused", "used")


async def test_of_two_browsers_with_one_link_one_gets_in(counter):
    address = counter.download()
    async with httpx.AsyncClient() as one, httpx.AsyncClient() as two:
        forms_ = [form_of(await each.get(address)) for each in (one, two)]
        answers = await asyncio.gather(
            *(each.post(address, data={"form": form}) for each, form in zip((one, two), forms_, strict=True))
        )
    assert sorted(each.status_code for each in answers) == [303, STATUS[Why.USED]]


async def test_an_expired_link_says_so(counter, browser, clock):
    address = counter.download()
    form = form_of(await browser.get(address))
    clock.move(minutes=15)
    assert (await browser.get(address)).status_code == STATUS[Why.EXPIRED]
    refused = await browser.post(address, data={"form": form})
    assert refused.status_code == STATUS[Why.EXPIRED]
    with speaking("zh_CN"):
        assert sentence(Why.EXPIRED, 20) in refused.text
    assert await last(counter) == ("page.refused", "expired")
    assert (await counter.audit())[-1].actor_id == 1


async def test_a_forged_link_is_nowhere(counter, browser):
    address = counter.download()
    forged = address[:-9] + ("A" if address[-9] != "A" else "B") + address[-8:]
    for request in (browser.get, browser.post):
        assert (await request(forged)).status_code == STATUS[Why.FORGED]
    assert await last(counter) == ("page.refused", "forged")


async def test_a_link_of_somebody_on_no_list_is_nowhere(counter, browser):
    assert (await browser.get(counter.upload(5_000_009))).status_code == STATUS[Why.FORGED]


@pytest.mark.parametrize("form", [{}, {"form": ""}, {"form": "0" * 64}, {"form": "名单"}])
async def test_a_press_from_another_site_opens_nothing(counter, browser, form):
    address = counter.upload()
    await browser.get(address)
    assert (await browser.post(address, data=form)).status_code == STATUS[Why.FORM]
    assert await last(counter) == ("page.refused", "form")
    assert (await enter(browser, address)).status_code == 200  # and the link is still good


async def test_a_press_with_the_form_of_another_browser_opens_nothing(counter, browser):
    address = counter.upload()
    form = form_of(await browser.get(address))
    async with httpx.AsyncClient() as victim:
        assert (await victim.post(address, data={"form": form})).status_code == STATUS[Why.FORM]
        await victim.get(address)
        assert (await victim.post(address, data={"form": form})).status_code == STATUS[Why.FORM]


async def test_a_form_made_for_a_browser_without_a_cookie_opens_nothing(counter, browser):
    address = counter.upload()
    made = forms.form_token("", address.rpartition("/")[2])  # anybody with a link of their own can work this out
    assert (await browser.post(address, data={"form": made})).status_code == STATUS[Why.FORM]


@pytest.mark.parametrize("form", [{}, {"form": ""}, {"form": "f" * 64}])
async def test_an_upload_or_an_end_without_the_sessions_form_is_refused(counter, browser, form):
    page = await enter(browser, counter.upload())
    for answer in (
        await browser.post(f"{counter.base}/s", data=form, files=XLSX),
        await browser.post(f"{counter.base}/s/end", data=form),
    ):
        assert answer.status_code == STATUS[Why.FORM]
    assert counter.received == []
    assert counter.kept() == set()
    good = await browser.post(f"{counter.base}/s", data={"form": form_of(page)}, files=XLSX)
    assert good.status_code == 200


async def test_one_sessions_form_is_worth_nothing_in_another(counter, browser):
    page = await enter(browser, counter.upload())
    async with httpx.AsyncClient() as other:
        await enter(other, counter.upload(COLLEAGUE))
        answer = await other.post(f"{counter.base}/s", data={"form": form_of(page)}, files=XLSX)
    assert answer.status_code == STATUS[Why.FORM]


async def test_a_session_lasts_ten_minutes(counter, browser, clock):
    await enter(browser, counter.download())
    clock.move(minutes=9, seconds=59)
    assert (await browser.get(f"{counter.base}/s/file")).status_code == 200
    clock.move(seconds=1)
    for path in ("/s", "/s/file"):
        assert (await browser.get(f"{counter.base}{path}")).status_code == STATUS[Why.SESSION]
    assert await last(counter) == ("page.refused", "session")


async def test_an_ended_session_is_over(counter, browser):
    page = await enter(browser, counter.download())
    cookie = browser.cookies["xinxuan_page"]
    ended = await browser.post(f"{counter.base}/s/end", data={"form": form_of(page)})
    assert ended.status_code == 200
    assert "xinxuan_page" not in browser.cookies
    stolen = await browser.get(f"{counter.base}/s/file", headers={"cookie": f"xinxuan_page={cookie}"})
    assert stolen.status_code == STATUS[Why.SESSION]
    assert ("page.end", None) in await counter.notes()


async def test_without_a_session_there_is_nothing(counter, browser):
    for method, path in (("GET", "/s"), ("GET", "/s/file"), ("POST", "/s"), ("POST", "/s/end")):
        answer = await browser.request(method, f"{counter.base}{path}")
        assert answer.status_code == STATUS[Why.SESSION]


async def test_a_made_up_cookie_is_no_session(counter, browser):
    await enter(browser, counter.download())
    sealed = counter.download().rpartition("/")[2]
    for cookie in ("x", sealed, browser.cookies["xinxuan_page"][:-1]):
        async with httpx.AsyncClient(cookies={"xinxuan_page": cookie}) as other:
            assert (await other.get(f"{counter.base}/s")).status_code == STATUS[Why.SESSION]


async def test_somebody_suspended_is_out_at_once(counter, browser):
    later = counter.download()
    await enter(browser, counter.download())
    await counter.set_state(PersonState.SUSPENDED)
    assert (await browser.get(f"{counter.base}/s/file")).status_code == STATUS[Why.SUSPENDED]
    assert await last(counter) == ("page.refused", "suspended")
    assert (await browser.get(later)).status_code == STATUS[Why.SUSPENDED]
    await counter.set_state(PersonState.ACTIVE)
    assert (await browser.get(f"{counter.base}/s/file")).status_code == STATUS[Why.SESSION]  # it does not come back
    assert await last(counter) == ("page.refused", "session")


@pytest.mark.parametrize("verb", [people.ROLE_CHANGED, people.UNIT_CHANGED])
async def test_another_unit_or_role_ends_what_was_handed_out_before(counter, browser, clock, verb):
    unopened = counter.download()
    await enter(browser, counter.download())
    clock.move(seconds=1)
    async with counter.database.write() as session:
        person = await people.by_telegram_id(session, OFFICER)
        audit.note(session, at=counter.clock.now(), actor_id=None, verb=verb, subject=("person", person.id))
    assert (await browser.get(f"{counter.base}/s/file")).status_code == STATUS[Why.SESSION]
    assert (await browser.get(unopened)).status_code == STATUS[Why.EXPIRED]
    assert (await enter(browser, counter.download())).status_code == 200  # what is handed out now opens


async def test_a_link_of_another_officer_ends_the_session_before_it(counter, browser):
    await enter(browser, counter.download())
    former = browser.cookies["xinxuan_page"]
    await enter(browser, counter.upload(COLLEAGUE))
    assert ("page.end", "another link") in await counter.notes()
    async with httpx.AsyncClient(cookies={"xinxuan_page": former}) as other:
        assert (await other.get(f"{counter.base}/s/file")).status_code == STATUS[Why.SESSION]
    page = await browser.get(f"{counter.base}/s")
    await browser.post(f"{counter.base}/s", data={"form": form_of(page)}, files=XLSX)
    assert counter.received[0][0] == COLLEAGUE


async def test_a_session_gives_its_links_right_and_no_other(counter, browser):
    page = await enter(browser, counter.upload())
    assert (await browser.get(f"{counter.base}/s/file")).status_code == STATUS[Why.NOWHERE]
    assert form_of(page)
    page = await enter(browser, counter.download())
    answer = await browser.post(f"{counter.base}/s", data={"form": form_of(page)}, files=XLSX)
    assert answer.status_code == STATUS[Why.NOWHERE]
    assert counter.received == []


async def test_a_file_that_is_gone_is_said_to_be_gone(counter, browser):
    await enter(browser, counter.download())
    for path in counter.store.path("0" * 32).parent.iterdir():
        path.unlink()
    assert (await browser.get(f"{counter.base}/s/file")).status_code == STATUS[Why.GONE]


@pytest.mark.parametrize("too_much", [1, 3_000_000, 12_000_000])
async def test_a_file_too_large_is_refused_with_an_answer(counter, browser, too_much):
    page = await enter(browser, counter.upload())
    large = {"file": ("large.xlsx", b"x" * (forms.UPLOAD_LIMIT + too_much), SHEET)}
    answer = await browser.post(f"{counter.base}/s", data={"form": form_of(page)}, files=large)
    assert answer.status_code == STATUS[Why.TOO_LARGE]
    assert await last(counter) == ("page.refused", "too_large")
    assert counter.received == []
    assert counter.kept() == set()
    good = await browser.post(f"{counter.base}/s", data={"form": form_of(page)}, files=XLSX)
    assert good.status_code == 200


async def test_the_largest_file_allowed_comes_in(counter, browser):
    page = await enter(browser, counter.upload())
    most = {"file": ("most.xlsx", b"x" * forms.UPLOAD_LIMIT, SHEET)}
    answer = await browser.post(f"{counter.base}/s", data={"form": form_of(page)}, files=most)
    assert answer.status_code == 200
    assert counter.received[0][1].size == forms.UPLOAD_LIMIT


async def test_a_body_of_unknown_length_is_counted_while_it_arrives(counter, browser, monkeypatch):
    monkeypatch.setattr(forms, "_DRAINED", 30_000_000)
    page = await enter(browser, counter.upload())
    sent = 0

    async def endless():
        nonlocal sent
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
        while sent < 200_000_000:
            sent += 100_000
            yield b"x" * 100_000

    headers = {"content-type": "multipart/form-data; boundary=x"}
    try:
        answer = await browser.post(f"{counter.base}/s", content=endless(), headers=headers)
        assert answer.status_code == STATUS[Why.TOO_LARGE]
    except httpx.TransportError:
        pass  # cut off: that much need not be taken
    assert sent < 100_000_000
    assert counter.received == []
    assert form_of(page)


@pytest.mark.parametrize(
    ("length", "body"),
    [
        ("999999999", b"x"),  # far too much is announced
        ("-1", b"x"),
        ("1e3", b"x"),
        ("4000", b"--x\r\n"),  # less comes than was announced
        ("5", b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nabc\r\n--x--\r\n'),
    ],
)
async def test_a_wrong_content_length_brings_nothing_in(counter, browser, length, body):
    await enter(browser, counter.upload())
    reader, writer = await asyncio.open_connection("127.0.0.1", counter.port)
    head = (
        f"POST /files/s HTTP/1.1\r\nhost: 127.0.0.1:{counter.port}\r\ncontent-length: {length}\r\n"
        f"cookie: xinxuan_page={browser.cookies['xinxuan_page']}\r\n"
        "content-type: multipart/form-data; boundary=x\r\n\r\n"
    )
    writer.write(head.encode() + body)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    assert b" 200 " not in answer.partition(b"\r\n")[0]
    assert counter.received == []
    assert counter.kept() == set()
    assert (await browser.get(f"{counter.base}/s")).status_code == 200


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"no parts", "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
        (b"form=1", "application/x-www-form-urlencoded"),
    ],
)
async def test_a_broken_form_is_refused(counter, browser, content, kind):
    await enter(browser, counter.upload())
    answer = await browser.post(f"{counter.base}/s", content=content, headers={"content-type": kind})
    assert answer.status_code in {STATUS[Why.BROKEN], STATUS[Why.FORM]}
    assert counter.received == []


async def test_an_empty_file_and_two_files_are_refused(counter, browser):
    page = await enter(browser, counter.upload())
    form = {"form": form_of(page)}
    empty = await browser.post(f"{counter.base}/s", data=form, files={"file": ("a.xlsx", b"", SHEET)})
    assert empty.status_code == STATUS[Why.EMPTY]
    none = await browser.post(f"{counter.base}/s", data=form | {"file": "text"})
    assert none.status_code == STATUS[Why.EMPTY]
    two = [("file", ("a.xlsx", b"1", SHEET)), ("file", ("b.xlsx", b"2", SHEET))]
    assert (await browser.post(f"{counter.base}/s", data=form, files=two)).status_code == STATUS[Why.BROKEN]
    assert counter.received == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\张\\名单.xlsx", "名单.xlsx"),
        ("..", "file"),
        ("/", "file"),
        ("a\u202excod.exe", "axcod.exe"),
        ("x" * 300 + ".xlsx", "x" * 60 + "x" * 55 + ".xlsx"),
    ],
)
async def test_the_name_of_a_file_carries_no_path(counter, browser, sent, kept):
    page = await enter(browser, counter.upload())
    await browser.post(f"{counter.base}/s", data={"form": form_of(page)}, files={"file": (sent, b"1", "x y")})
    ((_officer, received),) = counter.received
    assert received.name == kept
    assert received.media_type == "application/octet-stream"
    assert re.fullmatch("[0-9a-f]{32}", received.key)


@pytest.mark.parametrize(
    "path",
    ["/", "/files", "/files/", "/files/f/", "/files/s/file/../../../key", "/files/s/%2e%2e/key", "/files/f/a/b",
     "/files/s/0123456789abcdef0123456789abcdef", "/page.css", "/static/page.css", "/files/trial.html"],
)  # fmt: skip
async def test_no_other_path_leads_anywhere(counter, browser, path):
    await enter(browser, counter.download())
    reader, writer = await asyncio.open_connection("127.0.0.1", counter.port)
    cookie = browser.cookies["xinxuan_page"]
    head = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{counter.port}\r\ncookie: xinxuan_page={cookie}\r\n"
    writer.write(f"{head}connection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert b" 404 " in answer.partition(b"\r\n")[0]


async def test_other_methods_lead_nowhere(counter, browser):
    address = counter.download()
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
        assert (await browser.request(method, address)).status_code == 404
    assert (await enter(browser, address)).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", ""])
async def test_another_host_name_is_not_answered(counter, browser, host):
    address = counter.download()
    answer = await browser.get(address, headers={"host": host})
    assert answer.status_code == 400
    assert "form" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_guessing_is_stopped_for_a_minute_and_leaves_few_lines(counter, browser):
    good = counter.download()
    answers = [(await browser.get(f"{counter.base}/f/guess{n}")).status_code for n in range(GUESSES + 10)]
    assert answers == [404] * GUESSES + [429] * 10
    refused = await browser.get(good)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert len(await counter.notes()) == GUESSES
    other = {"x-forwarded-for": "192.0.2.7"}  # a colleague behind the same proxy
    assert (await browser.get(good, headers=other)).status_code == 200


def test_the_pace_is_counted_by_whole_minutes_and_bounded():
    seconds = [0.0]
    pace = Pace(lambda: seconds[0])
    for _each in range(GUESSES):
        assert not pace.is_spent("192.0.2.1")
        pace.count("192.0.2.1")
    assert pace.is_spent("192.0.2.1")
    assert not pace.is_spent("192.0.2.2")
    seconds[0] = 60.0
    assert not pace.is_spent("192.0.2.1")
    for number in range(5_000):
        pace.count(str(number))
    assert len(pace._guesses) <= 1000


async def test_every_answer_carries_the_safety_headers(counter, browser):
    address = counter.download()
    first = await browser.get(address)
    opened = await browser.post(address, data={"form": form_of(first)})
    answers = [
        first, opened, await browser.get(f"{counter.base}/s"), await browser.get(f"{counter.base}/s/file"),
        await browser.get(f"{counter.base}/page.css"), await browser.get(f"{counter.base}/nowhere"),
    ]  # fmt: skip
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
    assert "strict-transport-security" not in first.headers
    for answer, name in ((first, "xinxuan_form"), (opened, "xinxuan_page")):
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{name}=")
        assert {"HttpOnly", "SameSite=strict", "Path=/files", "Max-Age=600"} <= set(cookie.split("; "))
    assert opened.headers["location"] == "/files/s"


async def test_behind_tls_cookies_are_secure_and_the_browser_is_held_to_it(counter):
    base = "https://files.example"
    transport = httpx.ASGITransport(counter.page(base).app())
    async with httpx.AsyncClient(transport=transport) as browser:
        token = counter.upload().rpartition("/")[2]
        answer = await browser.get(f"{base}/f/{token}")
        assert (await browser.get(f"https://files.example:8443/f/{token}")).status_code == 400
    assert answer.status_code == 200
    assert "Secure" in answer.headers["set-cookie"].split("; ")
    assert "Path=/" in answer.headers["set-cookie"].split("; ")
    assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_neither_the_database_nor_the_log_can_open_anything(counter, browser, capfd, caplog):
    caplog.set_level(0)
    address = counter.download()
    await enter(browser, address)
    await browser.get(f"{counter.base}/s/file")
    await browser.get(f"{counter.base}/f/forged")
    token, cookie = address.rpartition("/")[2], browser.cookies["xinxuan_page"]
    ours = "\n".join(each.getMessage() for each in caplog.records if not each.name.startswith(("httpx", "httpcore")))
    said = ours + capfd.readouterr().out + capfd.readouterr().err
    rows = b"".join(path.read_bytes() for path in counter.database.path.parent.glob("xinxuan.db*"))
    for secret in (token, cookie, NAME, "名单"):
        assert secret not in said
        assert secret.encode() not in rows


async def test_no_address_but_the_links_carries_anything(counter, browser):
    seen = []
    browser.event_hooks["request"] = [lambda sent: asyncio.sleep(0, seen.append(str(sent.url)))]
    address = counter.upload()
    page = await enter(browser, address)
    await browser.post(f"{counter.base}/s", data={"form": form_of(page)}, files=XLSX)
    assert set(seen) == {address, f"{counter.base}/s"}


@pytest.mark.parametrize("why", list(Why))
def test_every_refusal_has_a_status_and_a_sentence(why):
    with speaking("en"):
        assert sentence(why, 20).endswith(".")
    assert 400 <= STATUS[why] < 500
    assert str(Refused(why)) == why.value


async def test_the_server_stops_cleanly_and_gives_its_port_back(counter):
    app = Guard(counter.page().app(), counter.base, Pace())
    port = free_port()
    for _each in range(2):
        async with listening(app, "127.0.0.1", port):
            pass
    with pytest.raises(OSError, match="in use"):
        async with listening(app, "127.0.0.1", counter.port):
            pass
