# Debian packages, by CPack: oca-server (what has no COMPONENT of its own), oca-cli and oca-doc. `make deb` puts them into build/deb/.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME oca)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "The Oca authors <oca@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Deduplicating backup target")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_SOURCE_DIR}/build/deb")
set(CPACK_STRIP_FILES ON)

set(CPACK_COMPONENTS_ALL server cli doc)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME oca-server)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "oca-cli (= ${PROJECT_VERSION}), fuse3, init-system-helpers, passwd, postgresql, procps, systemd, util-linux")
set(CPACK_DEBIAN_SERVER_PACKAGE_RECOMMENDS "tgt")
set(CPACK_COMPONENT_SERVER_DESCRIPTION
    "Daemons and tools of Oca: containers in deduplicated, compressed and\nencrypted storage groups, mounted as folders, and virtual tape libraries.")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
    "${CMAKE_SOURCE_DIR}/etc/deb/conffiles" "${CMAKE_SOURCE_DIR}/etc/deb/postinst" "${CMAKE_SOURCE_DIR}/etc/deb/prerm"
    "${CMAKE_SOURCE_DIR}/etc/deb/postrm")

set(CPACK_DEBIAN_CLI_PACKAGE_NAME oca-cli)
set(CPACK_COMPONENT_CLI_DESCRIPTION "The command oca, which administers an appliance, and oca-shell, which lets\nits users do so over ssh.")

set(CPACK_DEBIAN_DOC_PACKAGE_NAME oca-doc)
set(CPACK_DEBIAN_DOC_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DOC_PACKAGE_SHLIBDEPS OFF)
set(CPACK_COMPONENT_DOC_DESCRIPTION "Oca's documentation: operations, commands, formats, decisions.")

install(DIRECTORY "${CMAKE_SOURCE_DIR}/docs/" DESTINATION share/doc/oca COMPONENT doc)
install(FILES "${CMAKE_SOURCE_DIR}/README.md" DESTINATION share/doc/oca COMPONENT doc)
foreach(package oca-server oca-cli oca-doc)
  string(REPLACE oca- "" component ${package})
  install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION share/doc/${package} RENAME copyright COMPONENT ${component})
endforeach()

# An administrator's own configuration is not written over by `make install`.
install(FILES "${CMAKE_SOURCE_DIR}/etc/oca.toml" DESTINATION /etc/oca EXCLUDE_FROM_ALL)
install(FILES "${CMAKE_SOURCE_DIR}/etc/sshd_oca.conf" DESTINATION share/oca)

include(CPack)
