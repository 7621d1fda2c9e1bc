"""Running one section: files, main.cf parameters and generators."""

import base64
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import postconf
from .inputs import Inputs
from .proxy import domain_certificates, generate
from .sections import Section
from .template import render
from .writer import Writer

DH_MODE = 0o644
PROXY_MODE = 0o644
KEY_MODE = 0o640


@dataclass(frozen=True)
class Rewriter:
    """Writes what a section generates below one home directory."""

    writer: Writer
    log: Callable[[str], None]
    postfix_editor: Path = Path("/usr/sbin/postconf")
    programs: dict[str, Callable[[Inputs], None]] = field(init=False)

    def __post_init__(self) -> None:
        """Bind the generators that are code and not templates."""
        programs = {"dhparam": self._dhparam, "proxy": self._proxy}
        object.__setattr__(self, "programs", programs)

    def run(self, section: Section, inputs: Inputs) -> None:
        """Write everything the section owns."""
        home = self.writer.home
        for one in section.rewrites:
            self.log(f"Rewrote: {home / one.output} with mode {one.mode:o}")
            text = render((home / one.template).read_text(), inputs)
            self.writer.write(one.output, text, one.mode)
        if section.parameters:
            rows = {p.name: p.value(inputs, home) for p in section.parameters}
            postconf.edit(self.postfix_editor, home / "common/conf", rows)
            if self.writer.owner is not None:
                # Zimbra's own daemon is not root, so the new file is zimbra's.
                main, owner = home / "common/conf/main.cf", self.writer.owner
                shutil.chown(main, owner, owner)
        if section.program:
            self.programs[section.program](inputs)

    def _dhparam(self, inputs: Inputs) -> None:
        stored = "".join(inputs.var("zimbraSSLDHParam").split())
        shipped = self.writer.home / "conf/dhparam.pem.zcs"
        text = base64.b64decode(stored).decode() if stored else shipped.read_text()
        self.writer.write("conf/dhparam.pem", text, DH_MODE)

    def _proxy(self, inputs: Inputs) -> None:
        self.writer.write_all(domain_certificates(inputs), KEY_MODE)
        self.writer.write_all(generate(self.writer.home, inputs), PROXY_MODE)
