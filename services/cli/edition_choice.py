"""Which editions a command answers by: those of --policy, or of FRONTLINE_POLICIES."""

from shared.kafka.settings import load
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_edition
from shared.policy.settings import PolicySettings


def library_of(policy: str | None) -> EditionLibrary:
    """The edition `policy`, a name or a file; without one, those of FRONTLINE_POLICIES (by default guidelines-2021).

    Raises PolicyError, or BadSettings.
    """
    settings = load(PolicySettings)
    return settings.editions() if policy is None else EditionLibrary.single(load_edition(policy, settings.policy_dir))
