"""`rollcall test`: cases as JSON lines and as a directory. The program of the build, no daemon, no CRM."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / os.environ.get("BUILD", "build")
LIST = {"name": "choir", "domain": "lists.example.org", "status": "open", "total": 3}


def run(arguments, text="", config="/nonexistent/rollcall.conf"):
    return subprocess.run([BUILD / "rollcall", "test", "--config", config] + arguments, input=text, capture_output=True, text=True, timeout=60)


def ask(*cases):
    done = run(["-"], "".join(json.dumps(dict({"list": LIST}, **case)) + "\n" for case in cases))
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def one(**case):
    return ask(case)[0]


def test_answers_keep_their_order_and_id():
    answers = ask({"id": 7, "scenario": "true() smtp -> do_it,quiet"}, {"id": "x", "scenario": "true() smtp -> editorkey"}, {"scenario": "a"})
    assert [answer["id"] for answer in answers] == [7, "x", None]
    assert [answer["action"] for answer in answers] == ["do_it", "editorkey", "reject"]
    assert answers[0]["modifiers"] == ["quiet"] and answers[2]["reason"] == "no-rule-match"
    assert {"status", "reason", "template", "rule", "trace"} <= set(answers[0])


def test_the_rule_that_decided_and_the_way_to_it():
    answer = one(scenario="# rules\nequal([sender],'x') smtp -> do_it\n  true() md5 -> do_it\ntrue() -> reject(reason='send_owner',tt2='t')\n",
                 sender="Ann@Example.org")
    assert (answer["status"], answer["reason"], answer["template"]) == ("ok", "send_owner", "t")
    assert answer["rule"] == {"file": "send.test", "line": 4, "column": 1, "text": "true() -> reject(reason='send_owner',tt2='t')"}
    assert [(step["line"], step["method"], step["held"]) for step in answer["trace"]] == [(2, True, "no"), (3, False, "no"), (4, True, "yes")]
    assert answer["trace"][0]["conditions"] == [{"condition": "equal([sender],'x')", "saw": '"Ann@example.org"', "held": "no"}]


def test_errors_have_file_line_and_column():
    answer = one(scenario="true() smtp -> do_it\ninclude('x')\n", includes={"x": "true() smtp -> do_it\nfoo true() smtp -> do_it\n"})
    assert (answer["status"], answer["action"], answer["reason"]) == ("not-compiled", "reject", "not-compiled")
    assert [(e["file"], e["line"], e["column"]) for e in answer["errors"]] == [("include.x", 2, 1)]
    assert answer["rule"] is None and answer["trace"] == []


@pytest.mark.parametrize("roles, action", [
    ({"subscriber": ["ANN@example.org"]}, "do_it"), ({"owner": ["ann@example.org"]}, "do_it"),
    ({"editor": ["ann@example.org"]}, "do_it"), ({"listmaster": ["ann@example.org"]}, "do_it"),
    ({"subscriber": ["bob@example.org"]}, "reject"), ({}, "reject")])
def test_distributed_scenario_by_name(roles, action):
    assert one(name="private", auth="dkim", sender="ann@example.org", roles=roles)["action"] == action


def test_owners_stand_in_for_moderators():
    case = dict(name="editorkey", auth="md5", sender="ann@example.org")
    assert one(roles={"owner": ["ann@example.org"]}, **case)["action"] == "do_it"
    assert one(roles={"owner": ["ann@example.org"], "editor": ["bob@example.org"]}, **case)["action"] == "editorkey"


@pytest.mark.parametrize("condition, case", [
    ("equal([crm->digest],'mime')", {"crm": {"digest": "mime"}}), ("equal([crm->n],4)", {"crm": {"n": 4}}), ("equal([crm->n],'')", {"crm": {"n": None}}),
    ("match([header->Subject],/^grün$/)", {"headers": [["Subject", "=?iso-8859-1?q?gr=FCn?="]]}),
    ("match([msg_header->Subject],/^=/)", {"headers": [["Subject", "=?iso-8859-1?q?gr=FCn?="]]}),
    ("equal([msg_header->X][-1],b)", {"headers": [["X", "a"], ["X", "b"]]}), ("match([msg_body],/^one\\n\\ntwo$/)", {"body": "one\n\ntwo"}),
    ("match([msg_body],/two/)", {"message": "Subject: x\r\n\r\none\r\ntwo\r\n"}), ("equal([header->A],'b c')", {"message": "A: b\n c\n\n"}),
    ("equal([list->total],3)", {}), ("equal([list->subject],'Hi')", {"list": dict(LIST, params={"subject": "hi"})}),
    ("equal([list->mine],1)", {"list": dict(LIST, params={"mine": 1})}), ("equal([custom_vars->a],b)", {"list": dict(LIST, custom_vars={"a": "b"})}),
    ("search('f.txt')", {"sender": "a@b.example", "filters": {"f.txt": "*@b.example\n"}}), ("older([current_date],'1000')", {"now": 1000}),
    ("equal([sender],nobody)", {}), ("equal([auth->dmarc],pass) and equal([auth->dkim_domain],'a.example')", {"dmarc": "pass", "dkim_domain": "a.example"})])
def test_what_a_case_says_is_seen(condition, case):
    assert one(scenario=condition + " smtp -> do_it\n", **case)["action"] == "do_it"
    assert one(scenario="!" + condition.replace(" and ", " or !") + " smtp -> do_it\n", **case)["action"] == "reject"


def test_what_cannot_be_answered_defers():
    answer = one(scenario="search('missing.txt') smtp -> do_it")
    assert (answer["status"], answer["action"], answer["reason"]) == ("ok", "defer", "error-performing-condition")
    assert "search file" in answer["trouble"]


def test_a_list_that_is_not_open_and_an_unknown_method():
    assert one(scenario="true() smtp -> do_it", list=dict(LIST, status="closed"))["reason"] == "list-no-open"
    assert one(scenario="true() smtp -> do_it", auth="telnet")["reason"] == "unknown-auth-method"


def test_the_blocklist_is_asked_only_when_the_case_says_so():
    case = dict(scenario="true() smtp -> do_it", sender="a@b.example", filters={"blocklist.txt": "a@*\n"})
    assert one(**case)["action"] == "do_it"
    assert (one(blocklist=True, **case)["action"], one(blocklist=True, **case)["modifiers"]) == ("reject", ["quiet"])


def test_broken_lines_are_answered_and_counted():
    done = run(["-"], 'nonsense\n[1]\n\n{"id": 3, "headers": 5}\n{"id": 4, "headers": [["a b", "c"]]}\n{"id": 5, "scenario": "true() smtp -> do_it"}\n')
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["status"] for answer in answers] == ["error"] * 4 + ["ok"]
    assert [answer["id"] for answer in answers] == [None, None, 3, 4, 5]
    assert done.returncode == 1


def test_a_thousand_cases_in_one_run():
    done = run(["-"], "".join(json.dumps({"id": n, "scenario": "equal([sender],'%d@example.org') smtp -> do_it" % (n % 2), "sender": "1@example.org"}) + "\n"
                              for n in range(1000)))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(1000))
    assert [answer["action"] for answer in answers[:2]] == ["reject", "do_it"] and done.returncode == 0


def write_cases(directory):
    (directory / "scenari").mkdir()
    (directory / "search_filters").mkdir()
    (directory / "scenari" / "send.mine").write_text("include('banned')\nis_subscriber([listname],[sender]) smtp -> do_it\n")
    (directory / "scenari" / "include.banned").write_text("search('banned.txt') smtp,md5 -> discard\n")
    (directory / "search_filters" / "banned.txt").write_text("*@spam.example\n")
    (directory / "post.eml").write_text("From: a@spam.example\n\nx\n")
    cases = {"banned": {"name": "mine", "sender": "a@spam.example", "post": "post.eml", "expect": {"action": "discard", "file": str(directory / "scenari/include.banned")}},
             "member": {"name": "mine", "sender": "a@b.example", "list": LIST, "roles": {"subscriber": ["a@b.example"]}, "expect": {"action": "do_it", "line": 2}},
             "public": {"name": "public", "expect": {"action": "do_it", "modifiers": []}}}
    for name, case in cases.items():
        (directory / (name + ".json")).write_text(json.dumps(case))


def test_directory_of_cases(tmp_path):
    write_cases(tmp_path)
    done = run([str(tmp_path)])
    assert done.stdout == "3 passed, 0 failed\n" and done.returncode == 0


def test_directory_tells_what_differs(tmp_path):
    write_cases(tmp_path)
    (tmp_path / "scenari" / "send.public").write_text("true() -> reject\n")
    (tmp_path / "public2.json").write_text("{}")
    (tmp_path / "public3.json").write_text("{")
    done = run([str(tmp_path)])
    assert 'public.json: action is "reject", expected "do_it"\n    decided by %s:1: true() -> reject' % (tmp_path / "scenari/send.public") in done.stdout
    assert 'public2.json: there is no object "expect" in it' in done.stdout
    assert done.stdout.endswith("2 passed, 3 failed\n") and done.returncode == 1


def test_directory_with_a_broken_scenario(tmp_path):
    write_cases(tmp_path)
    (tmp_path / "scenari" / "send.broken").write_text("nonsense() -> do_it\n")
    done = run([str(tmp_path)])
    assert "%s:1:1: there is no condition" % (tmp_path / "scenari/send.broken") in done.stderr


def test_site_scenarios_beside_the_configuration(tmp_path):
    (tmp_path / "scenari").mkdir()
    (tmp_path / "scenari" / "send.house").write_text("true() smtp -> editorkey\n")
    done = run(["-"], json.dumps({"name": "house"}) + "\n", config=str(tmp_path / "rollcall.conf"))
    assert json.loads(done.stdout)["action"] == "editorkey"


def test_a_sites_scenarios_stand_where_its_settings_say(tmp_path):
    """For all lists, for a domain and for one list; with the parameters that lists have here, which Sympa's do not have."""
    config, rules = tmp_path / "rollcall.conf", tmp_path / "rules"
    config.write_text("[rollcall]\nrules_directory = %s\n[domain lists.example.org]\n" % rules)
    for place, action in (("", "editorkey"), ("domains/lists.example.org/", "discard"), ("lists/choir@lists.example.org/", "do_it")):
        (rules / place / "scenari").mkdir(parents=True)
        (rules / place / "scenari" / "send.house").write_text("equal([list->unsubscribe_page],'') smtp -> %s\n" % action)
    for name, domain, action in (("a", "b.example", "editorkey"), ("a", "lists.example.org", "discard"), ("choir", "lists.example.org", "do_it")):
        done = run(["-"], json.dumps({"name": "house", "list": {"name": name, "domain": domain}}) + "\n", config=str(config))
        assert (json.loads(done.stdout)["action"], done.stderr) == (action, "")


def test_a_refusal_for_lack_of_a_scenario_is_not_what_a_case_expects(tmp_path):
    (tmp_path / "scenari").mkdir()
    (tmp_path / "scenari" / "send.bad").write_text("\nmatch([sender],/x/i) smtp -> reject\n")
    for name, scenario, expect in (("1", "nowhere", {}), ("2", "bad", {}), ("3", "bad", {"status": "not-compiled"})):
        (tmp_path / (name + ".json")).write_text(json.dumps({"name": scenario, "expect": dict({"action": "reject"}, **expect)}))
    done = run([str(tmp_path)])
    assert '1.json: status is "not-compiled", expected "ok"\n    there is no scenario of that name\n' in done.stdout
    assert '2.json: status is "not-compiled", expected "ok"\n    %s:2:19: no letters stand' % (tmp_path / "scenari/send.bad") in done.stdout
    assert done.stdout.endswith("1 passed, 2 failed\n")


def test_wrong_usage(tmp_path):
    assert run([]).returncode == 64
    assert run([str(tmp_path)]).returncode == 1
    assert run([str(tmp_path / "none")]).returncode == 1
