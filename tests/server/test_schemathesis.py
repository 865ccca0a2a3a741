"""Schemathesis asks everything that the document allows, and much that it doesn't: whatever it is, it is answered.

What is left out: that all that the document allows is answered by 2xx (positive_data_acceptance), for no schema says
whether parameters go together, such as an end after its start. Keys are in test_access_matrix.py: here there are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS

from tachograph.server import openapi
from tachograph.server.api import endpoints

if TYPE_CHECKING:
    from server.served import Served

EXAMPLES = 15
LEFT_OUT = ("positive_data_acceptance", "ignored_auth", "missing_required_header")

schema = schemathesis.openapi.from_dict(openapi.document(endpoints()))


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_is_answered_as_the_document_says(case: schemathesis.Case[Any], served: Served) -> None:
    answer = case.call(app=served.app, base_url="http://localhost")
    case.validate_response(answer, excluded_checks=cast("Any", CHECKS.get_by_names(LEFT_OUT)))
