//! A report as one page: no script, nothing that is loaded, the same bytes for the same results.
//!
//! Every text of a user is escaped; the policy at the top forbids the page to load or run anything even if one slipped
//! through.

use super::chart::escaped;
use super::document::{Document, Figure, Part, Section, Table, Tone};

/// What every page of ours begins with.
pub const BEGINNING: &str = "<!DOCTYPE html>\n<!-- tiersim/report/1 -->\n";

const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The page.
pub fn page(document: &Document) -> String {
    let title = escaped(&document.title);
    let mut page = format!(
        "{BEGINNING}<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<a class=\"skip\" href=\"#answer\">Skip to the answer</a>\n<header>\n<p class=\"kind\">tiersim, {}</p>\n\
         <h1>{title}</h1>\n<p class=\"subtitle\">{}</p>\n</header>\n",
        document.kind,
        escaped(&document.subtitle)
    );
    page += "<nav aria-label=\"Sections\"><ul>\n";
    for section in &document.sections {
        page += &format!("<li><a href=\"#{}\">{}</a></li>\n", section.id, escaped(section.heading));
    }
    page += "</ul></nav>\n<main>\n";
    page += &answer(document);
    document.sections.iter().for_each(|section| page += &section_of(section));
    page += "</main>\n</body>\n</html>\n";
    page
}

fn answer(document: &Document) -> String {
    // A shape of its own for each, so that nobody needs the colour.
    let (class, shape) = match document.tone {
        Tone::Good => ("good", "\u{2713}"),
        Tone::Mixed => ("mixed", "\u{25C6}"),
        Tone::Bad => ("bad", "\u{2717}"),
    };
    let mut text = format!(
        "<section id=\"answer\" class=\"answer {class}\" aria-labelledby=\"answer-word\">\n<h2 id=\"answer-word\">\
         <span aria-hidden=\"true\">{shape}</span> {}</h2>\n<p class=\"lead\">{}</p>\n",
        escaped(&document.verdict),
        escaped(&document.answer)
    );
    for sentence in &document.sentences {
        text += &format!("<p>{}</p>\n", escaped(sentence));
    }
    text + "</section>\n"
}

fn section_of(section: &Section) -> String {
    let id = section.id;
    let mut text = format!("<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n", escaped(section.heading));
    for part in &section.parts {
        match part {
            Part::Text(sentence) => text += &format!("<p>{}</p>\n", escaped(sentence)),
            Part::Command(command) => text += &format!("<pre tabindex=\"0\"><code>{}</code></pre>\n", escaped(command)),
            Part::Table(table) => text += &table_of(table),
            Part::Folded(table) => text += &folded(&table.caption, table),
            Part::Figure(figure) => text += &figure_of(figure),
        }
    }
    text + "</section>\n"
}

fn figure_of(figure: &Figure) -> String {
    // A picture is never wider than the page, but keeps a size at which its texts can be read: it scrolls within its frame.
    let mut text = format!(
        "<figure id=\"chart-{}\">\n<div class=\"chart\" tabindex=\"0\">{}</div>\n",
        figure.name,
        figure.svg.trim_end()
    );
    text += &folded(&format!("{}: the numbers", figure.title), &figure.table);
    text + "</figure>\n"
}

fn folded(title: &str, table: &Table) -> String {
    format!("<details>\n<summary>{}</summary>\n{}</details>\n", escaped(title), table_of(table))
}

fn table_of(table: &Table) -> String {
    let mut text = format!(
        "<div class=\"table\" tabindex=\"0\"><table>\n<caption>{}</caption>\n<thead><tr>",
        escaped(&table.caption)
    );
    // Numbers stand to the right, short words are never broken, and long texts have room.
    let classes: Vec<&str> = table
        .columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let longest = table.rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.chars().count()).max();
            match (column.number, longest.unwrap_or(0)) {
                (true, _) => " class=\"n\"",
                (false, 0..=16) => " class=\"s\"",
                (false, _) => " class=\"w\"",
            }
        })
        .collect();
    for (column, class) in table.columns.iter().zip(&classes) {
        text += &format!("<th scope=\"col\"{class}>{}</th>", escaped(&column.title));
    }
    text += "</tr></thead>\n<tbody>\n";
    for row in &table.rows {
        text += "<tr>";
        for (place, cell) in row.iter().enumerate() {
            let class = classes.get(place).unwrap_or(&"");
            match place {
                0 => text += &format!("<th scope=\"row\"{class}>{}</th>", escaped(cell)),
                _ => text += &format!("<td{class}>{}</td>", escaped(cell)),
            }
        }
        text += "</tr>\n";
    }
    text + "</tbody>\n</table></div>\n"
}

/// In the dark the colours of paper, ink, grid and grey of the charts change places; those of data stay.
const STYLE: &str = "\
:root{--paper:#fff;--ink:#222;--soft:#5c5c5c;--line:#d9d9d9;--back:#f6f6f4;--link:#0072b2;--good:#00704f;--mixed:#8a5a00;--bad:#b34700}
@media (prefers-color-scheme:dark){:root{--paper:#16181b;--ink:#e8e8e6;--soft:#a8abad;--line:#3a3d41;--back:#101214;\
--link:#7cc4ee;--good:#4cd3a8;--mixed:#f0b84a;--bad:#ff9561}
.chart [fill=\"#FFFFFF\"]{fill:#16181b}.chart [stroke=\"#FFFFFF\"]{stroke:#16181b}.chart [fill=\"#222222\"]{fill:#e8e8e6}
.chart [stroke=\"#222222\"]{stroke:#e8e8e6}.chart [fill=\"#6E6E6E\"]{fill:#a8abad}.chart [stroke=\"#6E6E6E\"]{stroke:#a8abad}
.chart [stroke=\"#E2E2E2\"]{stroke:#33363a}.chart text[fill=\"#0072B2\"]{fill:#4db3ea}
.chart polyline[stroke=\"#0072B2\"]{stroke:#4db3ea}.chart circle[fill=\"#0072B2\"]{fill:#4db3ea}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--back);color:var(--ink);\
font:1rem/1.5 \"DejaVu Sans\",system-ui,Arial,sans-serif}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0}h2{font-size:1.2rem;margin:0 0 .6rem}
p{margin:.4rem 0;max-width:46rem}.kind,.subtitle{color:var(--soft);margin:0}
a{color:var(--link)}a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}.skip:focus{position:static}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;padding:0;margin:.8rem 0}
main>section{background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:1rem;margin:0 0 1rem}
.answer{border-left:.5rem solid var(--good)}.answer.mixed{border-left-color:var(--mixed)}.answer.bad{border-left-color:var(--bad)}
.answer h2{color:var(--good);font-size:1.4rem}.answer.mixed h2{color:var(--mixed)}.answer.bad h2{color:var(--bad)}
.lead{font-size:1.15rem}
figure{margin:0 0 1.2rem}.chart,.table,pre{overflow-x:auto}.chart svg{display:block;height:auto;max-width:min(100%,56rem);min-width:34rem}
table{border-collapse:collapse;font-size:.85rem}caption{text-align:left;color:var(--soft);padding:.3rem 0}
th,td{padding:.2rem .8rem .2rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;font-weight:normal}
thead th{font-weight:bold}.w{min-width:8.5rem}.s{white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tbody td.w{max-width:28rem;overflow-wrap:anywhere}
pre{background:var(--back);border:1px solid var(--line);padding:.5rem;font-size:.85rem}
summary{cursor:pointer;color:var(--link);font-size:.9rem}
@media print{body{background:#fff;max-width:none;padding:0;font-size:10pt}nav,.skip{display:none}
main>section{border:0;padding:.4rem 0}figure,tr,.answer{break-inside:avoid}h2,caption,summary{break-after:avoid}\
table{font-size:7.5pt}th,td{padding-right:.3rem;overflow-wrap:break-word}.w{min-width:0}.n,.s{white-space:normal}\
details::details-content{content-visibility:visible;display:block;height:auto}.chart svg{min-width:0}.chart,.table,pre{overflow:visible}}
";

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn document(text: &str) -> Document {
        let table = Table::new(text, &["name", "#value"], vec![vec![text.to_owned(), "7".to_owned()]]);
        let figure = Figure {
            name: "latency-nines".into(),
            title: text.into(),
            svg: "<svg role=\"img\"></svg>".into(),
            csv: "a\n1\n".into(),
            table: table.clone(),
        };
        let parts = vec![
            Part::Text(text.into()),
            Part::Command(text.into()),
            Part::Table(table.clone()),
            Part::Folded(table),
            Part::Figure(figure),
        ];
        Document {
            schema: super::super::document::SCHEMA,
            kind: "run",
            title: text.into(),
            subtitle: text.into(),
            verdict: "PASS".into(),
            tone: Tone::Good,
            answer: text.into(),
            sentences: vec![text.into()],
            sections: vec![Section { id: "one", heading: "One", parts }],
        }
    }

    #[test]
    fn no_text_of_a_user_becomes_markup() {
        let page = page(&document("<script>alert('x')</script> <img src=http://evil.example/> \" onload=\"x"));
        assert!(page.starts_with(BEGINNING));
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("\" onload=\""), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
        assert_eq!(page.matches("<section").count(), page.matches("</section>").count());
    }

    #[test]
    fn a_page_loads_and_runs_nothing() {
        let page = page(&document("A run"));
        assert!(page.contains("default-src 'none'"));
        for word in ["<script", "<link", "<iframe", "@import", "url(", "src=", "http:", "https:"] {
            assert!(!page.replace("img-src data:", "").contains(word), "{word}");
        }
        for link in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap_or("")) {
            assert!(page.contains(&format!("id=\"{link}\"")), "{link} leads nowhere");
        }
    }
}
