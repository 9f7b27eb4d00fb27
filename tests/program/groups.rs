//! Groups and fragments: what fails in an optional one, and what a run that goes on still knows of them.

use crate::bench::Bench;

const HEAD: &str =
    "plan: 1\nid: x\ntitle: X\nmodem: quectel/rm502q-gl\nstarts_in: [normal]\nends_in: [normal]\n";
const SCENARIO: &str = "scenario: 1\nmodem: quectel/rm502q-gl\nmode: normal\n\
                        firmware: RM502QGLAAR11A02M4G_01.200.01.200\nimei: \"490154203237518\"\n";

fn radio(id: &str, fact: &str) -> String {
    format!(
        "{{ id: {id}, timeout: 5s, save: {{ {fact}: int }}, at.ask: {{ send: \"AT+CFUN?\", reply: '\\+CFUN: (?<{fact}>\\d+)' }} }}"
    )
}

#[test]
fn a_failure_in_an_optional_group_ends_the_group_and_nothing_else() {
    let bench = Bench::new();
    let steps = format!(
        "steps:\n  - id: odd\n    optional: true\n    because: It may not be there\n    group:\n      \
         - {{ id: fails, timeout: 5s, at.ask: {{ send: \"AT+ODD?\" }} }}\n      - {}\n  - {}\n  - id: proof\n    \
         check: [ {{ that: cfun == 1, else: No }} ]\n",
        radio("never", "never_read"),
        radio("radio", "cfun"),
    );
    let plan = bench.write("plan.yaml", &format!("{HEAD}{steps}"));
    let sim = bench.write("sim.yaml", SCENARIO);
    let said = bench.run(&["run", &plan, "--sim", &sim]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("PROVED."), "{said:?}");
    assert!(
        said.stderr
            .contains("step `fails` failed, and the group is optional"),
        "{said:?}"
    );
    assert!(!said.stderr.contains("never"), "{said:?}");
}

/// The checkpoint stands inside of a group; before it a fragment reads, and an identity is read.
#[test]
fn a_run_goes_on_inside_a_group_with_what_fragments_and_identities_said() {
    let bench = Bench::new();
    bench.write(
        "lib/radio.yaml",
        &format!(
            "fragment: 1\nabout: Reads.\nsteps:\n  - {}\n",
            radio("read", "cfun")
        ),
    );
    let steps = format!(
        "steps:\n  - {{ id: first, include: {{ file: lib/radio.yaml }} }}\n  - id: identity\n    \
         at.ask: {{ send: AT+CGSN, reply: '^(?<imei>\\d{{15}})' }}\n    save: {{ imei: imei }}\n    timeout: 5s\n  \
         - id: inside\n    when: first_cfun == 1\n    group:\n      \
         - {{ id: restart, timeout: 2m, checkpoint: true, modem.reset: {{}} }}\n      - {}\n  - {}\n  - id: proof\n    \
         check:\n      - {{ that: \"imei == label && first_cfun == again\", else: No }}\n",
        radio("in-group", "in_group"),
        radio("after", "again"),
    );
    let inputs = "inputs:\n  label: { type: imei, about: On the shield }\n";
    let plan = bench.write("plan.yaml", &format!("{HEAD}{inputs}{steps}"));
    bench.write("scenarios/sound.yaml", SCENARIO);
    bench.write(
        "rehearsals/goes-on.yaml",
        "rehearsal: 1\nplan: ../plan.yaml\nscenario: ../scenarios/sound.yaml\ninputs: { label: \"490154203237518\" }\n\
         faults: [ { kind: lost-reply, step: in-group, on: at } ]\n\
         expect:\n  outcome: failed\n  ran: [first-read, identity, inside, restart, in-group]\n\
         resumed:\n  outcome: proved\n  ran: [inside, in-group, after, proof]\n",
    );
    let said = bench.run(&["rehearse", &plan]);
    assert_eq!(said.code, 0, "{said:?}");
}
