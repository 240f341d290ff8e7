//! What two thousand stations that change every second cost the page, against twenty, in one run on one machine.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use scenarios::browser::Browser;
use scenarios::mqtt;
use scenarios::site::{At, Site, small};
use scenarios::wait::until_true;
use serde_json::{Value, json};

/// Readings in one message: one of 128 KiB is the largest that the hub looks at.
const PER_MESSAGE: usize = 1_000;

/// Traffic counters on a grid over a coast, all with a speed.
fn counters(count: usize) -> Site {
    let tables: Vec<String> = (0..count)
        .map(|n| {
            let (row, column) = (n / 50, n % 50);
            format!(
                "[[station]]\nid = \"c{n}\"\nname = \"Counter {n}\"\nlat = {:.3}\nlon = {:.3}\nquantity = \"speed\"\n",
                -34.0 + row as f64 * 0.05,
                -72.0 + column as f64 * 0.05,
            )
        })
        .collect();
    Site::new(small(&tables.concat()), At::Embedded)
}

/// One round of readings: every station another speed than before.
fn round(site: &Site, port: u16, count: usize, n: usize) {
    let readings: Vec<Value> = (0..count)
        .map(|i| json!({"station": format!("c{i}"), "speed": (i * 7 + n * 13) % 120}))
        .collect();
    let messages: Vec<Vec<u8>> = readings
        .chunks(PER_MESSAGE)
        .map(|part| json!(part).to_string().into_bytes())
        .collect();
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    assert!(mqtt::publish_all(
        port,
        &site.topic("counters", "json"),
        &messages
    ));
}

/// Looks at the map while every station changes once a second; what the script measured.
fn watched(browser: &Browser, count: usize) -> Value {
    let site = counters(count);
    let hub = site.hub();
    round(&site, hub.mqtt_port, count, 0);
    let last = format!("c{}", count - 1);
    until_true("a speed of the last station", || {
        hub.latest(&last, "speed").is_some()
    });
    let stop = AtomicBool::new(false);
    let mut measured = Value::Null;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 1.. {
                if stop.load(Ordering::Acquire) {
                    break;
                }
                round(&site, hub.mqtt_port, count, n);
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        let url = format!("http://{}/", hub.http);
        // However the script ends, the readings end too.
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            browser.run(
                "frames.mjs",
                &format!("frames-{count}"),
                &url,
                &json!({ "stations": count }),
                |what, of| {
                    assert_eq!(what, "measured");
                    measured = of.clone();
                    json!(true)
                },
            );
        }));
        stop.store(true, Ordering::Release);
        if let Err(why) = run {
            std::panic::resume_unwind(why);
        }
    });
    measured
}

#[test]
fn two_thousand_stations_cost_the_page_no_more_nodes_and_one_update_a_frame() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let [few, many] = [20, 2_000].map(|count| watched(&browser, count));
    let figure = |of: &Value, name: &str| {
        of[name]
            .as_f64()
            .unwrap_or_else(|| panic!("no {name} in {of}"))
    };
    let ratio = |name: &str| figure(&many, name) / figure(&few, name);
    let report = json!({
        "what": "the Watch room while the map is panned and every station changes once a second; the map is drawn by the processor",
        "stations": { "20": few, "2000": many },
        "ratio_of_main_thread_time_per_second": ratio("busy_ms_per_s"),
        "ratio_of_script_time_per_second": ratio("script_ms_per_s"),
    });
    let text = serde_json::to_string_pretty(&report).expect("JSON");
    println!("{text}");
    std::fs::write(browser.pictures.join("frames.json"), text).expect("target/browser");
    // What makes it possible, whatever the machine: the page does not grow with the stations.
    assert_eq!(figure(&many, "nodes"), figure(&few, "nodes"), "DOM nodes");
    assert_eq!(
        figure(&many, "sources"),
        figure(&few, "sources"),
        "sources of the map"
    );
    for of in [&few, &many] {
        assert!(
            figure(of, "updates") > 0.0,
            "the map was never told of a change: {of}"
        );
        // One that the page sends, and one that the map held back while its worker was at the one before.
        assert!(figure(of, "most_updates_in_a_frame") <= 2.0, "{of}");
        // The hub sends stations once a second, in frames of 500; the page draws them together.
        assert!(figure(of, "updates") <= figure(of, "frames"), "{of}");
    }
}
