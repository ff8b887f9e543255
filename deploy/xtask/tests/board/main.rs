//! `deploy/beaglebone`: its overlay, its wiring table and `config/pump.toml` say the same, and
//! its circuits do what its page says.

mod heartbeat;
mod limiter;
mod pins;

const PAGE: &str = include_str!("../../../beaglebone/README.md");

#[test]
fn the_page_has_the_figures_that_the_parts_give() {
    let (shortest, longest) = heartbeat::hold_ms();
    let (least, most) = limiter::pause_ms();
    for figure in [
        format!("between {shortest:.0} ms and {longest:.0} ms"),
        format!("between {least:.2} ms and {most:.2} ms"),
        format!("{:.0} to {:.0} steps a second", 1e3 / most, 1e3 / least),
    ] {
        assert!(PAGE.contains(&figure), "the page should say \"{figure}\"");
    }
}
