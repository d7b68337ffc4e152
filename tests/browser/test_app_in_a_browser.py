"""The app in a real browser: each page's main path, what goes wrong, two people at once.

Run by `BROWSER=chromium pytest -m outer tests/browser -n 0`, or with the path of another Chromium.
Pictures are kept in out/screenshots; look at them.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.serving import served

pytestmark = pytest.mark.outer

BROWSER = shutil.which(os.environ.get("BROWSER", "")) if os.environ.get("BROWSER") else None
if BROWSER is None:
    pytest.skip("BROWSER names no browser", allow_module_level=True)
api = pytest.importorskip("playwright.sync_api")
pytest.importorskip("panel")
api.expect.set_options(timeout=60_000)

SHOTS = Path("out/screenshots")
TRACKERS = Path("examples/web-tracking/tracker_company_month_201705_201801.csv")
SMALL = "citizens=300&months=24"
WIDE, NARROW = (1440, 1000), (390, 844)
LOOKS = [(WIDE, "light"), (NARROW, "dark")]
PATIENCE = 240_000  # milliseconds: the first run compiles


@pytest.fixture(scope="module", name="served")
def server():
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser, served):
    """Opens a page of its own session; no error may occur and nobody else be asked."""
    contexts, problems = [], []

    def made(path, size=WIDE, scheme="light"):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda said: problems.append(said.text) if said.type == "error" else None,
        )
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((served, served.replace("http", "ws"), "data:", "blob:"))
                else problems.append(f"asked for {asked.url}")
            ),
        )
        page.set_default_timeout(60_000)
        page.goto(f"{served}/{path}")
        return page

    yield made
    for context in contexts:
        context.close()
    assert problems == []


def shot(page, name):
    """Keep a picture of the whole page."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(1500)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True, timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_a_society_is_run_and_looked_at(opened, size, scheme):
    page = opened(f"simulate?{SMALL}&show=market", size, scheme)
    page.get_by_text("Done: 24 months").wait_for(timeout=PATIENCE)
    page.get_by_label("Open data", exact=True).select_option("always")
    page.get_by_text("The charts show what was run before").wait_for()
    assert "open_data=0.8" in page.url
    press(page, "Run")
    page.get_by_text("Done: 24 months").wait_for(timeout=PATIENCE)
    page.get_by_text("How users spread over firms").wait_for()
    for name in ("Power", "Rights", "Privacy", "Rich and poor", "Law", "Ties", "All changes"):
        page.get_by_label(name, exact=True).check(force=True)
        page.wait_for_timeout(1200)
        shot(page, f"simulate-{name.replace(' ', '-').lower()}-{size[0]}-{scheme}")
    page.get_by_text("Key numbers").first.wait_for()
    for name, file in (
        ("Report", "report.html"),
        ("Evidence note", "evidence-note.html"),
        ("Study file", "view.toml"),
        ("Data", "data.zip"),
    ):
        with page.expect_download(timeout=PATIENCE) as download:
            press(page, name)
        assert download.value.suggested_filename == file


def test_a_run_is_cancelled_and_the_page_answers_meanwhile(opened):
    page = opened("simulate?citizens=300&months=360&members=32")
    page.get_by_text("Who holds power").wait_for(timeout=PATIENCE)
    page.get_by_label("Law", exact=True).check(force=True)
    page.get_by_label(re.compile(r"Find one of \d+ parameters")).fill("lag")
    page.get_by_text("found").wait_for()
    press(page, "Cancel")
    page.get_by_text("Cancelled.").wait_for(timeout=5_000)
    shot(page, "simulate-cancelled")


def test_slips_are_told_in_words(opened):
    page = opened("simulate?law.lag=999&nothing=1")
    page.get_by_text("allowed: 12 to 240 month").wait_for()
    field = page.get_by_label("Delay of law at full demand month").first
    field.fill("5000")
    field.press("Tab")
    api.expect(page.get_by_text("Not a number in range: 12 to 240 month")).to_be_visible(
        timeout=60_000
    )
    shot(page, "simulate-slips")


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_a_table_is_measured_once_all_is_said(opened, size, scheme):
    page = opened("measure", size, scheme)
    page.locator("input[type=file]").first.set_input_files(TRACKERS)
    page.get_by_text("has the columns").wait_for()
    page.get_by_label("The question", exact=True).select_option("concentration")
    press(page, "Measure")
    page.get_by_text("No number yet").wait_for()
    shot(page, f"measure-asked-{size[0]}-{scheme}")
    for label, value in (
        ("Basis needed", "presence"),
        ("Holder needed", "company"),
        ("Amount needed", "reach"),
    ):
        page.get_by_label(label).select_option(value)
        page.wait_for_timeout(300)
    page.get_by_text("More options").click()
    page.get_by_label("Time", exact=True).select_option("month")
    page.get_by_label("Was anything too small to be listed? needed").select_option("none")
    page.wait_for_timeout(300)
    press(page, "Measure")
    page.get_by_text("Done.").wait_for(timeout=PATIENCE)
    cannot = page.get_by_text("What it cannot say").bounding_box()
    chart = page.locator("data-chart").first.bounding_box()
    assert cannot["y"] < chart["y"]
    shot(page, f"measure-done-{size[0]}-{scheme}")
    with page.expect_download() as download:
        press(page, "Report")
    assert download.value.suggested_filename == "report.html"


def test_a_bad_upload_is_told_in_words(opened, tmp_path):
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"no table at all")
    page = opened("measure")
    page.locator("input[type=file]").first.set_input_files(bad)
    api.expect(page.get_by_text("cannot be read as a table")).to_be_visible()
    shot(page, "measure-bad-upload")


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_verdicts_lead_to_their_experiments(opened, size, scheme):
    page = opened("claims", size, scheme)
    page.get_by_text("In how many draws").first.wait_for()
    shot(page, f"claims-{size[0]}-{scheme}")
    page.get_by_role("link", name="X13").click()
    api.expect(page.get_by_text("It would be refuted if")).to_be_visible()
    shot(page, f"claims-x13-{size[0]}-{scheme}")


def test_without_a_search_the_page_says_how_to_get_one(opened):
    page = opened("policies")
    api.expect(page.get_by_text("No answer is stored yet")).to_be_visible()
    shot(page, "policies-none")


def test_two_people_see_their_own(opened):
    one = opened(f"simulate?{SMALL}&seed=5&open_data=0.5")
    other = opened("measure")
    other.locator("input[type=file]").first.set_input_files(TRACKERS)
    third = opened(f"simulate?{SMALL}&seed=9")
    one.get_by_text("seeds 5 to 8").wait_for(timeout=PATIENCE)
    third.get_by_text("seeds 9 to 12").wait_for(timeout=PATIENCE)
    other.get_by_text("has the columns").wait_for()
    again = opened("measure")
    again.wait_for_timeout(1500)
    assert again.get_by_text("has the columns").count() == 0
    assert third.get_by_text("with policy").count() == 0 and one.get_by_text("with policy").count()


def test_every_input_has_a_name_and_the_keyboard_reaches_it(opened):
    for path in ("simulate", "measure", "claims"):
        page = opened(path)
        page.wait_for_timeout(2500)
        nameless = page.evaluate(
            """() => {
                const found = [];
                const walk = (root) => root.querySelectorAll("*").forEach((one) => {
                    if (one.shadowRoot) walk(one.shadowRoot);
                    if (!one.matches("input, select, button, a[href]")) return;
                    const name = one.getAttribute("aria-label") || one.textContent.trim()
                        || [...(one.labels ?? [])].map((l) => l.textContent.trim()).join("");
                    if (!name) found.push(one.outerHTML);
                });
                walk(document);
                return found;
            }"""
        )
        assert nameless == []
        order = []
        for _ in range(12):
            page.keyboard.press("Tab")
            order.append(
                page.evaluate(
                    """() => {
                        let at = document.activeElement;
                        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
                        const box = at.getBoundingClientRect();
                        return [at.tagName, at.textContent.slice(0, 20), box.top];
                    }"""
                )
            )
        assert order[0][1].startswith("Skip")
        assert len({tuple(one) for one in order}) > 6


def luminance(colour):
    parts = [int(one) / 255 for one in colour]
    parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_are_dark_enough_on_their_ground(opened, scheme):
    page = opened("simulate?law.lag=999", WIDE, scheme)
    page.wait_for_timeout(2500)
    found = page.evaluate(
        """() => {
            const found = [];
            const walk = (root) => root.querySelectorAll("*").forEach((one) => {
                if (one.shadowRoot) walk(one.shadowRoot);
                const own = [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
                const shown = own && one.offsetParent && !one.disabled;
                if (!shown || one.closest("svg, style, script")) return;
                let at = one, ground = "rgba(0, 0, 0, 0)";
                while (at && ground.endsWith(", 0)")) {
                    ground = getComputedStyle(at).backgroundColor;
                    at = at.parentElement ?? at.getRootNode().host;
                }
                found.push([one.tagName + " " + one.textContent.slice(0, 30),
                    getComputedStyle(one).color, ground]);
            });
            walk(document);
            return found;
        }"""
    )
    assert len(found) > 40
    numbers = lambda text: text[text.index("(") + 1 : -1].split(",")[:3]  # noqa: E731
    for words, ink, ground in found:
        light, dark = sorted((luminance(numbers(ink)), luminance(numbers(ground))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (words, ink, ground)
