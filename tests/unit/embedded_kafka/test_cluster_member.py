"""A broker of a cluster has another identity than a single node; everything else is the same."""

from pathlib import Path

import pytest

from shared.embedded_kafka.data_folder import ClusterMember, DataFolder, broker_properties
from shared.embedded_kafka.errors import DataFolderCorrupt

MEMBER = ClusterMember(2, "c" * 22, "1@127.0.0.1:1,2@127.0.0.1:2,3@127.0.0.1:3")


def test_a_member_differs_from_a_single_node_by_its_id_and_its_quorum() -> None:
    """Kafka refuses voters together with bootstrap servers."""
    properties = broker_properties(9092, Path("/x")) | MEMBER.properties()
    assert (properties["node.id"], properties["controller.quorum.voters"]) == ("2", MEMBER.voters)
    assert properties["controller.quorum.bootstrap.servers"] == ""


def test_the_folder_of_one_member_is_refused_to_another(tmp_path: Path) -> None:
    """Two brokers that swap their folders would destroy both logs."""
    folder = DataFolder(tmp_path, "2")
    folder.check(0)
    folder.write_cluster_id(MEMBER.cluster_id)
    folder.records.mkdir()
    (folder.records / "meta.properties").write_text(f"cluster.id={MEMBER.cluster_id}\nnode.id=2\n")
    folder.check(0)
    with pytest.raises(DataFolderCorrupt, match=r"node\.id 2, the folder was made for 3"):
        DataFolder(tmp_path, "3").check(0)
