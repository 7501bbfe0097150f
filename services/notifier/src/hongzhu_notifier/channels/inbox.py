"""The in-app inbox."""

from hongzhu_notifier.channels import Channel


class Inbox(Channel):
    """What the recipient sees when opening hongzhu: the registry shows what the delivery log says."""

    name = "inbox"
    external = False
