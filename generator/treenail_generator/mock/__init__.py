"""`gen mock`: the document of a connector as a real HTTP server, for people and tests.

What it decides on its own, since no document says it:

- Credentials: any of the right form, except the secret `wrong`. An id `unknown` never exists.
- Every collection begins with 45 records. The first follows the examples of the document, and so
  do the first ids, so that whatever the document or the connector file shows can be asked for.
- A collection is a path with a list, or with records named by the path parameter behind it. POST
  makes a record, and records inside it that get ids of their own; PUT and PATCH merge, and refuse
  a version that is not the record's; DELETE removes. What matches no collection is made up, with
  the values of the request wherever the answer has their names.
- A query parameter with the name of a property filters by equality; other filters do nothing.
- Time stands at noon of 20 November 2026 and moves by a second with each write.

`X-Mock-Fault` (with `X-Mock-Delay` and `X-Mock-Detail`) asks for a fault, `/__mock__/reset` starts
over, `/__mock__/log` tells what came in, `/__mock__/health` that the mock is there.

One request: `app` reads it, `routing` finds the operation, `credentials` and `validating` refuse
it, or `answering` answers from the `store` or made-up data (`sampling`).
"""

from .app import create_mock
from .command import run_mock
from .faults import FAULTS, Fault, FaultName
from .serving import print_url, serve_mock

__all__ = ["FAULTS", "Fault", "FaultName", "create_mock", "print_url", "run_mock", "serve_mock"]
