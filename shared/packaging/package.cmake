# What `./dev package` makes: order-management_VERSION_ARCHITECTURE.deb, of both programs, their units,
# man pages, completion for bash, documents and examples. Included by CMakeLists.txt.

include(GNUInstallDirs)
set(packaging ${CMAKE_SOURCE_DIR}/shared/packaging)
set(package_documents ${CMAKE_INSTALL_DATAROOTDIR}/doc/order-management)

# gzip_file(SOURCE NAME): makes NAME in the build directory, without the time at which it was made.
function(gzip_file source name)
    add_custom_command(OUTPUT ${name}
        COMMAND gzip -9nc ${source} > ${name}
        DEPENDS ${source} VERBATIM)
    set_property(DIRECTORY APPEND PROPERTY package_files ${CMAKE_BINARY_DIR}/${name})
endfunction()

gzip_file(${packaging}/CHANGELOG.md changelog.gz)
gzip_file(${packaging}/debian/changelog changelog.Debian.gz)

find_program(HELP2MAN help2man)
foreach(program order-api order-worker)
    if(HELP2MAN)
        add_custom_command(OUTPUT ${program}.1
            COMMAND ${HELP2MAN} --no-info --include=${packaging}/man/${program}.h2m
                --output=${program}.1 $<TARGET_FILE:${program}>
            DEPENDS ${program} ${packaging}/man/${program}.h2m VERBATIM)
        gzip_file(${CMAKE_BINARY_DIR}/${program}.1 ${program}.1.gz)
        install(FILES ${CMAKE_BINARY_DIR}/${program}.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    endif()
endforeach()

get_property(package_files DIRECTORY PROPERTY package_files)
# (A sanitizer's programs would have to be run in a special way to say what they can do.)
if(NOT ORDERS_SANITIZE)
    set(in_all ALL)
endif()
add_custom_target(package_files ${in_all} DEPENDS ${package_files} order-api order-worker)

install(TARGETS order-api order-worker RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${packaging}/systemd/order-api.service ${packaging}/systemd/order-worker.service
    DESTINATION /usr/lib/systemd/system)
install(FILES ${packaging}/systemd/orders.sysusers DESTINATION /usr/lib/sysusers.d RENAME orders.conf)
foreach(program order-api order-worker)
    install(FILES ${packaging}/systemd/${program}.default DESTINATION /etc/default RENAME ${program})
endforeach()
# bash looks for a file of the program's name.
install(FILES ${packaging}/completion/order-management.bash
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions RENAME order-api)
install(CODE "file(CREATE_LINK order-api
    \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/bash-completion/completions/order-worker SYMBOLIC)")
install(FILES ${packaging}/debian/copyright ${packaging}/OPERATING.md
    ${CMAKE_SOURCE_DIR}/api/HTTP.md ${CMAKE_SOURCE_DIR}/api/openapi/openapi.yaml
    ${CMAKE_BINARY_DIR}/changelog.gz ${CMAKE_BINARY_DIR}/changelog.Debian.gz
    DESTINATION ${package_documents})
install(FILES ${packaging}/systemd/commands.conf ${packaging}/systemd/network.conf
    ${packaging}/systemd/tokens.conf ${packaging}/nginx/orders.conf
    ${packaging}/prometheus/orders.rules.yml
    DESTINATION ${package_documents}/examples)

# The first line of the changelog is the one place that says which package this is.
file(STRINGS ${packaging}/debian/changelog package_version LIMIT_COUNT 1)
string(REGEX REPLACE ".*\\((.*)-(.*)\\).*" "\\1;\\2" package_version "${package_version}")
list(GET package_version 0 package_upstream_version)
list(GET package_version 1 package_release)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${packaging}/debian/changelog)
if(NOT package_upstream_version STREQUAL PROJECT_VERSION)
    message(FATAL_ERROR
        "debian/changelog is about ${package_upstream_version}, and this is ${PROJECT_VERSION}")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME order-management)
set(CPACK_PACKAGE_VENDOR "The authors of order-management")
set(CPACK_PACKAGE_CONTACT "The authors of order-management <orders@example.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "durable order queue with an HTTP API")
set(CPACK_PACKAGE_DESCRIPTION "order-api takes orders in over HTTP and stores each one durably before it
answers; order-worker works them off by priority, with retries and schedules.
They keep the orders in one SQLite file, or in a PostgreSQL database.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${package_release})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# For the user, whom systemd-sysusers makes.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${packaging}/debian/postinst ${packaging}/debian/prerm
    ${packaging}/debian/postrm ${packaging}/debian/conffiles)
include(CPack)
