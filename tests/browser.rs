//! Reports as a browser shows them: nothing on the console, nothing loaded, every chart visible, every link valid, in a wide
//! and in a narrow window.
//!
//! The browser is driven by its command line alone. Headless Chromium has no window narrower than 500 pixels, so a page is
//! measured in a frame of the width in question: a copy without its policy, with a script that writes what it sees.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use assert_cmd::Command;
use serde_json::Value;

/// A browser, or a word about why there is none.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let found = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    let browser = named.into_iter().chain(found).find(|path| path.is_file());
    if browser.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI has a browser: apt-get install chromium");
        println!("SKIPPED: no chromium was found, so no report was shown; install it, or name one in CHROMIUM");
    }
    browser
}

/// Runs the browser in a directory of its own; gives back stdout and stderr.
fn shown(browser: &Path, page: &Path, more: &[String]) -> (String, String) {
    let own = tempfile::tempdir().expect("the system has room for temporary files");
    let output = Process::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"])
        // The browser asks its maker for the time and for updates, whatever it is told; here it finds nobody.
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--virtual-time-budget=3000"])
        .arg(format!("--user-data-dir={}", own.path().display()))
        .args(more)
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

const PROBE: &str = r##"<script>
const broken = [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href').slice(1))
  .filter(id => !document.getElementById(id));
const charts = [...document.querySelectorAll('svg')].map(svg => {
  const box = svg.getBoundingClientRect();
  const style = getComputedStyle(svg);
  return { width: box.width, height: box.height, visible: style.visibility === 'visible' && style.display !== 'none',
    named: svg.getAttribute('role') === 'img' && !!svg.getAttribute('aria-label') && !!svg.querySelector('title') };
});
const wide = [...document.querySelectorAll('main > section')].filter(it => it.getBoundingClientRect().right > innerWidth + 1);
parent.document.getElementById('seen').textContent = JSON.stringify({ width: innerWidth, charts, broken,
  loaded: performance.getEntriesByType('resource').length, wide: wide.length, scripts: document.scripts.length,
  figures: document.querySelectorAll('figure').length, tables: document.querySelectorAll('figure details table').length,
  overflow: document.documentElement.scrollWidth - innerWidth });
</script>"##;

/// What the script sees in a frame of this width.
fn measured(browser: &Path, report: &Path, width: u32) -> Value {
    let page = fs::read_to_string(report).expect("the report was written");
    let policy = page.find("<meta http-equiv=\"Content-Security-Policy\"").expect("a report has a policy");
    let end = policy + page[policy..].find('>').expect("a tag ends") + 1;
    let probed = format!("{}{}", &page[..policy], &page[end..]).replace("</body>", &format!("{PROBE}</body>"));
    let inner = probed.replace('&', "&amp;").replace('"', "&quot;");
    let outer = format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><p id=\"seen\"></p><iframe style=\"width:{width}px;height:4000px;border:0\" \
         srcdoc=\"{inner}\"></iframe>"
    );
    let file = report.with_file_name(format!("probe-{width}.html"));
    fs::write(&file, outer).expect("the directory takes files");
    let (dom, _) = shown(browser, &file, &["--dump-dom".to_owned(), "--window-size=1400,900".to_owned()]);
    let from = dom.find("<p id=\"seen\">").map(|at| at + "<p id=\"seen\">".len()).expect("the outer page is there");
    let seen = dom[from..].split("</p>").next().unwrap_or("").replace("&amp;", "&");
    serde_json::from_str(&seen).unwrap_or_else(|error| panic!("the probe saw nothing ({error}): {seen}"))
}

fn check(browser: &Path, report: &Path, charts: usize) {
    let name = report.display();
    let bytes = fs::read(report).expect("the report was written");
    assert!(bytes.len() < 5_000_000, "{name}: {} bytes", bytes.len());
    let log = report.with_file_name("net.json");
    let picture = report.with_file_name("wide.png");
    let options = [
        format!("--log-net-log={}", log.display()),
        format!("--screenshot={}", picture.display()),
        "--window-size=1280,3000".to_owned(),
    ];
    let (_, errors) = shown(browser, report, &options);
    let console: Vec<&str> = errors.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{name}: {console:?}");
    let size = fs::metadata(&picture).expect("the browser took a picture").len();
    assert!(size > 20_000, "{name}: a picture of {size} bytes shows nothing");
    let log = fs::read_to_string(log).expect("the browser wrote what it asked for");
    let asked = log.split("\"url\":\"").skip(1).map(|rest| rest.split('"').next().unwrap_or(""));
    let of_the_page: Vec<&str> = asked
        .filter(|url| url.starts_with("http") && !url.contains(".google.com") && !url.contains(".googleapis.com"))
        .collect();
    assert!(of_the_page.is_empty(), "{name} asks for {of_the_page:?}");
    for width in [1280, 400] {
        let seen = measured(browser, report, width);
        assert_eq!(seen["width"], width);
        let drawn = seen["charts"].as_array().expect("a list of charts");
        assert_eq!(drawn.len(), charts, "{name} at {width}: {seen}");
        for chart in drawn {
            let side = |key: &str| chart[key].as_f64().unwrap_or(0.0);
            assert!(side("width") > 300.0 && side("height") > 80.0, "{name} at {width}: {chart}");
            assert!(chart["visible"] == true && chart["named"] == true, "{name} at {width}: {chart}");
        }
        assert_eq!(seen["broken"].as_array().map(Vec::len), Some(0), "{name}: {}", seen["broken"]);
        assert_eq!((&seen["loaded"], &seen["wide"]), (&0.into(), &0.into()), "{name} at {width}: {seen}");
        assert!(seen["overflow"].as_i64().unwrap_or(1) <= 0, "{name} at {width} scrolls sideways: {seen}");
        assert_eq!(seen["scripts"], 1, "only the probe is a script");
        assert_eq!(seen["figures"], seen["tables"], "every chart has its table");
    }
}

/// The program in a directory of its own.
fn tiersim(directory: &Path, arguments: &[&str]) {
    let mut command = Command::cargo_bin("tiersim").expect("the program was built");
    let code = command.current_dir(directory).args(arguments).output().expect("it starts").status.code();
    assert!(matches!(code, Some(0 | 3 | 4)), "{arguments:?} ends with {code:?}");
}

#[test]
fn every_report_is_shown_whole() {
    let Some(browser) = browser() else { return };
    let here = tempfile::tempdir().expect("the system has room for temporary files");
    let at = here.path();
    tiersim(at, &["run", "--quiet", "--out", "run"]);
    tiersim(at, &["run", "--quiet", "same-id-crash-before-offline", "--out", "failed"]);
    tiersim(at, &["explore", "--quiet", "explore-same-id", "--points", "step", "--out", "explored"]);
    fs::create_dir(at.join("compared")).expect("the directory takes another");
    tiersim(at, &["report", "run", "failed", "-o", "compared/report.html"]);
    let files = [
        ("base.toml", include_str!("small-campaign/base.toml")),
        ("two.toml", include_str!("small-campaign/two.toml")),
    ];
    files.iter().for_each(|(name, text)| fs::write(at.join(name), text).expect("the directory takes files"));
    tiersim(at, &["campaign", "run", "--quiet", "two.toml", "-o", "campaign"]);
    fs::create_dir(at.join("reference")).expect("the directory takes another");
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/campaign/report.html");
    fs::copy(reference, at.join("reference/report.html")).expect("the reference report is there");
    for (name, charts) in
        [("run", 7), ("failed", 8), ("explored", 4), ("compared", 3), ("campaign", 6), ("reference", 10)]
    {
        check(&browser, &at.join(name).join("report.html"), charts);
    }
}
