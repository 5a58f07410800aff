use tiersim::campaign::trial::*;
use tiersim::scenario::*;
use tiersim::world::Fact;
fn main() {
    let verbose = std::env::args().nth(2).is_some();
    let path = std::env::args().nth(1).unwrap();
    let loaded = match load(&Source::Path(path.into()), &Overrides::default()) {
        Ok(l) => l,
        Err(e) => {
            print!("{}", e.render(Paint::Plain));
            std::process::exit(2)
        }
    };
    let mut t = Trial::new(&loaded.plan).unwrap();
    let start = std::time::Instant::now();
    let end = t.finish(|t, h| {
        if let Happening::Fault { .. } = h {
            println!("[{}] {} {h:?}", t.run.steps, t.run.now());
        }
        for f in t.run.model.facts() {
            let show = match f {
                Fact::Manager(m) => {
                    !format!("{m:?}").starts_with("Write")
                        && !format!("{m:?}").starts_with("ReadDone")
                        && (verbose || !format!("{m:?}").contains("Track"))
                }
                Fact::Dasd(d) => {
                    let s = format!("{d:?}");
                    [
                        "LongBusy",
                        "PointIn",
                        "Relation",
                        "Hidden",
                        "Target",
                        "Establish",
                        "Withdr",
                        "Nvs",
                        "Tables",
                        "Metadata",
                        "Down",
                        "Up",
                        "Background",
                    ]
                    .iter()
                    .any(|p| s.starts_with(p))
                        && !s.starts_with("BackgroundTrack")
                }
                Fact::Tape(x) => {
                    let s = format!("{x:?}");
                    !s.starts_with("Block") || s.contains("Lost")
                }
                Fact::Workload(_, w) => {
                    let s = format!("{w:?}");
                    s.starts_with("Opened") || s.starts_with("Closed")
                }
                _ => false,
            };
            if show {
                println!("[{}] {} {f:?}", t.run.steps, t.run.now());
            }
        }
    });
    println!(
        "{end:?} steps {} time {} ties {} fp {:016x} wall {:?}",
        t.run.steps,
        t.run.now(),
        t.run.ties,
        t.run.fingerprint.value(),
        start.elapsed()
    );
    for w in &t.run.model.workloads {
        println!("{:?} outstanding {}", w.counts(), w.outstanding());
    }
}
