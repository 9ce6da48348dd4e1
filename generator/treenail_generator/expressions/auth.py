"""How a request proves who is calling, as Python expressions."""

from treenail_generator.plan import AuthPlan, ProviderPlan, SchemePlan


def authenticated(plan: AuthPlan) -> str:
    """The contract's auth class with its arguments, or a chain of them."""
    told = [_scheme(each) for each in plan.schemes]
    if plan.use is None:
        return told[0]
    use = "" if plan.use == "first" else f", use={plan.use!r}"
    return f"ChainAuth(({', '.join(told)},){use})"


def _scheme(plan: SchemePlan) -> str:
    told = [f"{name}={text!r}" for name, text in plan.arguments]
    if plan.provider is not None:
        told.insert(0, f"provider={_provider(plan.provider)}")
    if plan.scopes:
        told.append(f"scopes={plan.scopes!r}")
    if plan.parameters:
        told.append(f"parameters={dict(plan.parameters)!r}")
    return f"{plan.kind}({', '.join(told)})"


def _provider(plan: ProviderPlan) -> str:
    told = ", ".join(f"{name}={value!r}" for name, value in plan.arguments)
    return f"OAuthProvider({told})"
