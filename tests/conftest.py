"""How hard the property tests try: a little by default, their full size for proofs."""

from hypothesis import settings

# A loaded machine is slow, not wrong: no example has a deadline.
settings.register_profile("usual", deadline=None)
settings.register_profile("proofs", deadline=None, max_examples=1000)
settings.load_profile("usual")
