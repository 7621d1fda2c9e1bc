"""Rules of nft's JSON are told in words that people know."""

import json
from typing import Any

import pytest

from zmward.firewall.nft_said import said

# nft 1.0.6, `nft -j list ruleset`.
RULES = [
    (
        (
            '[{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": '
            '"dport"}}, "right": {"set": [25, {"range": [80, 90]}]}}}, {"accept": null}]'
        ),
        "tcp dport { 25, 80-90 } accept",
    ),
    (
        (
            '[{"match": {"op": "!=", "left": {"payload": {"protocol": "ip", "field": '
            '"saddr"}}, "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}}, '
            '{"counter": {"packets": 0, "bytes": 0}}, {"drop": null}]'
        ),
        "ip saddr != 10.0.0.0/8 drop",
    ),
    (
        (
            '[{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": '
            '["established", "related"]}}, {"jump": {"target": "own"}}]'
        ),
        "ct state established,related jump own",
    ),
    (
        (
            '[{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": {"set": [["lo", '
            '{"accept": null}], ["eth0", {"goto": {"target": "outer"}}]]}}}]'
        ),
        "meta iifname vmap { lo : accept, eth0 : goto outer }",
    ),
    (
        (
            '[{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", '
            '"field": "flags"}}, {"|": ["fin", "syn"]}]}, "right": "syn"}}, '
            '{"limit": {"rate": 10, "burst": 5, "per": "minute"}}, '
            '{"xt": {"type": "target", "name": "REJECT"}}]'
        ),
        "(tcp flags & (fin | syn)) syn limit rate 10/minute xt target REJECT",
    ),
]


@pytest.mark.parametrize(("rule", "words"), RULES)
def test_a_rule_is_told_in_words(rule: str, words: str) -> None:
    assert said(json.loads(rule)) == words


@pytest.mark.parametrize("rule", ['[{"match": {"op": "=="}}]', "7", '[{"match": 5}]'])
def test_what_has_another_shape_is_not_told(rule: str) -> None:
    assert said(json.loads(rule)) == ""


def test_long_rules_are_cut() -> None:
    right = {"set": list(range(5000))}
    left = {"payload": {"protocol": "tcp", "field": "dport"}}
    text = said([{"match": {"op": "==", "left": left, "right": right}}])
    assert text.endswith("and 4988 more }")


def test_a_rule_of_an_odd_shape_is_told_without_words() -> None:
    odd: list[Any] = [{"match": {"op": "==", "left": {}, "right": 1}}, {"drop": None}]
    assert said(odd) == ""
    assert said([{}]) == ""
    assert said([{"drop": None}]) == "drop"
