"""The page as a browser shows it, on a phone and on a large screen."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.report.page import build_page
from tests.components.report.conftest import MakeSources

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTHS = (390, 1440)
LONG = "an_unusually_long_name_without_any_space_" * 4

# Elements that overflow the page, or a box that does not scroll.
OVERFLOW = """() => {
    const out = [];
    const isScrolled = element => {
        for (let box = element.parentElement; box; box = box.parentElement)
            if (['auto', 'scroll'].includes(getComputedStyle(box).overflowX)) return true;
        return false;
    };
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) out.push(`page: ${root.scrollWidth}`);
    for (const element of document.body.querySelectorAll('*')) {
        const box = element.getBoundingClientRect();
        if (box.width && (box.right > root.clientWidth + 0.5 || box.left < -0.5)
            && !isScrolled(element))
            out.push(`${element.tagName} ${element.className}: ${box.left} to ${box.right}`);
    }
    return out;
}"""

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of this machine."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("needs Chromium, such as from `apt-get install chromium`")
    with playwright.sync_playwright() as driver:
        # The sandbox needs privileges that containers lack.
        chromium = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a page in a window of a width; fails if it requests anything but itself."""
    contexts = []
    requested: list[str] = []
    problems: list[str] = []

    def open_in(html: bytes, width: int, scheme: str = "light") -> Any:
        file = tmp_path / "index.html"
        file.write_bytes(html)
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(file.as_uri())
        page.screenshot(path=tmp_path / f"{width}-{scheme}.png", full_page=True)
        return page

    yield open_in
    for context in contexts:
        context.close()
    own = (tmp_path / "index.html").as_uri()
    assert [url for url in requested if url != own and not url.startswith("data:")] == []
    assert problems == []


def check_page(page: Any) -> None:
    """Checks what every page must fulfil."""
    assert page.evaluate(OVERFLOW) == []
    images = page.evaluate("[...document.images].map(i => [i.alt, i.naturalWidth, i.complete])")
    assert images
    for alt, width, is_complete in images:
        assert alt.strip()
        assert is_complete and width > 0


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("blessed", [True, False], ids=["pushed", "refused"])
def test_the_page_fits_its_window(
    make_sources: MakeSources, open_page: Open, tmp_path: Path, width: int, blessed: bool
) -> None:
    page = open_page(build_page(make_sources(blessed=blessed)).files["index.html"], width)
    check_page(page)
    assert (tmp_path / f"{width}-light.png").stat().st_size > 10_000
    heading = page.locator("h1").bounding_box()
    assert heading["y"] < 200, "the decision comes first"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_thousand_classes_with_long_names(
    make_sources: MakeSources, open_page: Open, width: int
) -> None:
    names = tuple(f"{number:03}_{LONG}" for number in range(1000))
    check_page(open_page(build_page(make_sources(names)).files["index.html"], width))


def test_names_run_no_script(make_sources: MakeSources, open_page: Open) -> None:
    name = "<img src=http://example.com/x onerror=alert(1)><script>document.title='run'</script>"
    page = open_page(build_page(make_sources((name, "dogs"))).files["index.html"], 390)
    check_page(page)
    assert page.title().startswith("pets: pushed")
    assert page.get_by_text(name).count() > 0


def test_dark_screens_have_dark_charts(make_sources: MakeSources, open_page: Open) -> None:
    html = build_page(make_sources()).files["index.html"]
    shown = {
        scheme: open_page(html, 390, scheme).evaluate(
            "[getComputedStyle(document.body).backgroundColor,"
            " document.querySelector('picture img').currentSrc]"
        )
        for scheme in ("light", "dark")
    }
    assert shown["light"][0] == "rgb(243, 245, 248)"
    assert shown["dark"][0] == "rgb(14, 18, 24)"
    assert shown["light"][1] != shown["dark"][1]


def test_scrollable_tables_can_be_focused(make_sources: MakeSources, open_page: Open) -> None:
    page = open_page(build_page(make_sources()).files["index.html"], 390)
    unreachable = page.evaluate(
        "[...document.querySelectorAll('*')].filter(e => e.scrollWidth > e.clientWidth + 1"
        " && getComputedStyle(e).overflowX == 'auto' && e.tabIndex < 0).length"
    )
    assert unreachable == 0
