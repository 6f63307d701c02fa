"""The gateway's data plane: processes that take calls, ask upstreams and answer, without a framework in between."""
